#include "work.h"

// What the child has of these is nothing, and zeros.
static char *not_for_children, *wiped;
enum { SPECIAL = 4 * MIB };

__attribute__((noreturn)) static void child(struct region *memory, int depth) {
  seed(getpid());
  for (int times = 0; times < 50; times++) {
    const uint64_t *words = (uint64_t *)(wiped + rnd() % SPECIAL * PAGE);
    for (int word = 0; word < WORDS; word++)
      if (words[word]) wrong("a child sees what is not for it", words + word);
  }
  stir(memory, 0, memory->pages, 1500);
  if (depth > 0) {
    pid_t grandchild = fork();
    must(grandchild >= 0, "fork");
    if (grandchild == 0) child(memory, depth - 1);
    stir(memory, 0, memory->pages, 1000);
    ends_well(grandchild);
  }
  if (rnd() % 3 == 0) check_all(memory);
  _exit(0);
}

// A shell's way: the child becomes another program at once.
static void run_true(void) {
  execl("/proc/self/exe", "lazy-work", "none", "/", NULL);
}

void forks(void) {
  struct region memory = region(96 * MIB);
  struct region here = region(SPECIAL);
  struct region secret = region(SPECIAL);
  not_for_children = here.at;
  wiped = secret.at;
  must(madvise(not_for_children, SPECIAL * PAGE, MADV_DONTFORK) == 0, "MADV_DONTFORK");
  must(madvise(wiped, SPECIAL * PAGE, MADV_WIPEONFORK) == 0, "MADV_WIPEONFORK");
  for (;; round_done()) {
    pid_t children[3];
    for (int number = 0; number < 3; number++) {
      children[number] = fork();
      must(children[number] >= 0, "fork");
      if (children[number] == 0) child(&memory, number % 2 + 1);
      stir(&memory, 0, memory.pages, 500);
      pid_t program = vfork();
      if (program == 0) run_true();
      pid_t other = fork();
      if (other == 0) run_true();
      int status;
      must(waitpid(program, &status, 0) == program && waitpid(other, &status, 0) == other, "a program's end");
      stir(&here, 0, here.pages, 100);
      stir(&secret, 0, secret.pages, 100);
    }
    for (int number = 0; number < 3; number++) ends_well(children[number]);
    check_all(&memory);
    check_all(&here);
    check_all(&secret);
  }
}

// A child every few milliseconds, whatever became of those before it; each looks through its memory and ends.
void brood(void) {
  struct region memory = region(120 * MIB);
  for (int alive = 0, status;; round_done()) {
    for (int number = 0; number < 20; number++) {
      pid_t born = fork();
      must(born >= 0, "fork");
      if (born == 0) {
        seed(getpid());
        stir(&memory, 0, memory.pages, 3000);
        _exit(0);
      }
      alive++;
      stir(&memory, 0, memory.pages, 2);
      usleep(10000);
      while (waitpid(-1, &status, alive < 40 ? WNOHANG : 0) > 0) {
        must(status == 0, "a child's end");
        alive--;
      }
    }
    check_all(&memory);
  }
}
