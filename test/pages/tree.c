// Process trees with memory of a kind, for dumps:  tree KIND SEED READY
// The memory is made from the seed; then the file READY is created, and nothing changes any more.
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <unistd.h>

enum { PAGE = 4096 };
static uint64_t state;

// splitmix64
static uint64_t next(void) {
  uint64_t z = (state += 0x9e3779b97f4a7c15);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

static char *map(size_t pages, int flags, int fd) {
  char *at = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, flags, fd, 0);
  if (at == MAP_FAILED) { perror("mmap"); exit(1); }
  return at;
}
static char *own(size_t pages) { return map(pages, MAP_PRIVATE | MAP_ANONYMOUS, -1); }

// Random pages; one in `zero` of them is written, and all zero. One in `skip` is left alone, one in 2 * `skip` only read.
static void fill(char *at, size_t pages, int zero, int skip) {
  for (size_t page = 0; page < pages; page++, at += PAGE) {
    if (skip && next() % skip) {
      if (next() % 2) (void)*(volatile char *)at;
      continue;
    }
    if (zero && next() % zero == 0) { memset(at, 0, PAGE); continue; }
    for (int word = 0; word < PAGE / 8; word++) ((uint64_t *)at)[word] = next();
  }
}

static void rest(void) { for (;;) pause(); }

// Forks a process that works and then rests; waits for its work.
static void child(void (*work)(char *, size_t), char *at, size_t pages) {
  int ends[2];
  char done;
  if (pipe(ends) < 0) exit(1);
  if (fork() == 0) {
    next();
    work(at, pages);
    if (write(ends[1], "x", 1) != 1) exit(1);
    close(ends[0]);
    close(ends[1]);
    rest();
  }
  if (read(ends[0], &done, 1) != 1) exit(1);
  close(ends[0]);
  close(ends[1]);
}

static void rewrite(char *at, size_t pages) { fill(at, pages, 9, 3); }
static void rewrite_and_fork(char *at, size_t pages) {
  rewrite(at, pages);
  child(rewrite, at, pages);
  fill(own(33), 33, 0, 0);
}
static void forks(void) {
  char *at = own(2111);
  fill(at, 2111, 7, 0);
  for (int number = 0; number < 3; number++) child(rewrite_and_fork, at, 2111);
}

static void *thread(void *ready) {
  char stack[9 * PAGE];
  fill(stack, 9, 0, 0);
  fill(own(517), 517, 5, 0);
  pthread_barrier_wait(ready);
  rest();
  return NULL;
}
static void threads(void) {
  pthread_barrier_t ready;
  pthread_t id;
  pthread_barrier_init(&ready, NULL, 2);
  // One after the other, so that the seed alone decides.
  for (int number = 0; number < 5; number++) {
    pthread_create(&id, NULL, thread, &ready);
    pthread_barrier_wait(&ready);
  }
}

static void shared(void) {
  char *anonymous = map(1301, MAP_SHARED | MAP_ANONYMOUS, -1);
  fill(anonymous, 1301, 4, 2);
  int segment = shmget(IPC_PRIVATE, 771 * PAGE, IPC_CREAT | 0600);
  if (segment < 0) { perror("shmget"); exit(1); }
  fill(shmat(segment, NULL, 0), 771, 4, 0);
  // It goes with the last that uses it.
  shmctl(segment, IPC_RMID, NULL);
  int memory = memfd_create("tree", 0);
  if (ftruncate(memory, 600 * PAGE)) exit(1);
  fill(map(600, MAP_SHARED, memory), 600, 4, 2);
  fill(map(100, MAP_PRIVATE, memory), 100, 4, 3);
  child(rewrite, anonymous, 1301);
}

static void huge(void) { fill(map(3 * 512, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1), 3 * 512, 4, 0); }

// Mappings of a page each, because neighbours differ in what is allowed.
static void vmas(void) {
  size_t pages = 10000;
  char *at = own(pages);
  fill(at, pages, 6, 0);
  for (size_t page = 0; page < pages; page += 2)
    if (mprotect(at + page * PAGE, PAGE, PROT_READ)) { perror("mprotect"); exit(1); }
}

static void sparse(void) { fill(own(65536), 65536, 2, 30); }

static void odd(void) {
  static const size_t sizes[] = { 1, 2, 3, 15, 127, 128, 129, 255, 256, 257, 511, 1023, 1025, 4099 };
  for (size_t index = 0; index < sizeof sizes / sizeof *sizes; index++) {
    fill(own(sizes[index]), sizes[index], 0, 0);
    own(1 + next() % 3);
    fill(own(sizes[index]), sizes[index], 50, 0);
  }
}

static void tiny(void) {}

int main(int count, char **arguments) {
  static const struct { const char *name; void (*make)(void); } kinds[] = {
    { "forks", forks }, { "threads", threads }, { "shared", shared }, { "huge", huge },
    { "vmas", vmas }, { "sparse", sparse }, { "odd", odd }, { "tiny", tiny },
  };
  if (count != 4) return 2;
  state = strtoull(arguments[2], NULL, 10);
  for (size_t index = 0; index < sizeof kinds / sizeof *kinds; index++) {
    if (strcmp(kinds[index].name, arguments[1])) continue;
    kinds[index].make();
    close(open(arguments[3], O_CREAT | O_WRONLY, 0600));
    rest();
  }
  return 2;
}
