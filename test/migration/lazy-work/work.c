#include "work.h"
#include <fcntl.h>
#include <signal.h>

static __thread uint64_t state = 1;

uint64_t rnd(void) {
  uint64_t z = (state += 0x9e3779b97f4a7c15);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}
void seed(uint64_t from) { state = from; }

void wrong(const char *what, const void *at) {
  char line[200];
  int file = open("wrong", O_CREAT | O_WRONLY | O_APPEND, 0600);
  int length = snprintf(line, sizeof line, "%s at %p: %016lx, process %d\n", what, at, at ? *(uint64_t *)at : 0, getpid());
  if (write(file, line, length) != length) abort();
  fsync(file);
  kill(0, SIGKILL);
}
void must(int holds, const char *what) {
  if (holds) return;
  char text[100];
  snprintf(text, sizeof text, "%s: %m", what);
  wrong(text, NULL);
}

void round_done(void) {
  static int rounds;
  char text[20];
  int length = snprintf(text, sizeof text, "%d\n", ++rounds);
  int file = open("rounds.new", O_CREAT | O_WRONLY | O_TRUNC, 0600);
  must(write(file, text, length) == length, "write");
  close(file);
  must(rename("rounds.new", "rounds") == 0, "rename");
}

char *map(size_t pages, int flags, int fd) {
  char *at = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, flags, fd, 0);
  must(at != MAP_FAILED, "mmap");
  return at;
}

struct region region(size_t pages) {
  struct region all = { map(pages, MAP_PRIVATE | MAP_ANONYMOUS, -1), pages,
                        (uint64_t *)map(pages / WORDS + 1, MAP_PRIVATE | MAP_ANONYMOUS, -1) };
  for (size_t page = 0; page < pages; page++) put(&all, page);
  return all;
}

void put(struct region *all, size_t page) {
  uint64_t value = all->values[page] = rnd() | 1;
  uint64_t *words = (uint64_t *)(all->at + page * PAGE);
  for (int word = 0; word < WORDS; word++) words[word] = value * (2 * word + 1);
}

void check(const struct region *all, size_t page) {
  uint64_t value = all->values[page];
  const uint64_t *words = (const uint64_t *)(all->at + page * PAGE);
  for (int word = 0; word < WORDS; word++)
    if (words[word] != value * (2 * word + 1)) wrong(value ? "not what was written" : "not zero", words + word);
}
void check_all(const struct region *all) {
  for (size_t page = 0; page < all->pages; page++) check(all, page);
}

void stir(struct region *all, size_t from, size_t pages, int times) {
  while (times--) {
    size_t page = from + rnd() % pages;
    check(all, page);
    if (rnd() % 2) put(all, page);
  }
}

void ends_well(pid_t child) {
  int status;
  must(waitpid(child, &status, 0) == child && status == 0, "a child's end");
}

int main(int count, char **arguments) {
  static const struct { const char *name; void (*work)(void); } works[] = {
    { "threads", threads }, { "forks", forks }, { "brood", brood }, { "mappings", mappings }, { "locked", locked },
    { "shared", shared }, { "files", files }, { "many", many },
  };
  if (count != 3 || chdir(arguments[2])) return 2;
  for (size_t index = 0; index < sizeof works / sizeof *works; index++)
    if (strcmp(works[index].name, arguments[1]) == 0) works[index].work();
  return 2;
}
