#include "work.h"
#include <fcntl.h>
#include <signal.h>

// Memory that is locked before, locked and unlocked meanwhile, and locked from some time on, all of it.
void locked(void) {
  struct region fast = region(24 * MIB), sometimes = region(64 * MIB), loose = region(64 * MIB);
  must(mlock(fast.at, fast.pages * PAGE) == 0, "mlock");
  for (int times = 1;; times++, round_done()) {
    for (int part = 0; part < 16; part++) {
      size_t from = rnd() % sometimes.pages, count = 1 + rnd() % (sometimes.pages - from);
      char *at = sometimes.at + from * PAGE;
      must((rnd() % 2 ? mlock : munlock)(at, count * PAGE) == 0, "mlock");
      if (rnd() % 4 == 0) must(mlock2(at, count * PAGE, MLOCK_ONFAULT) == 0, "mlock2");
      stir(&sometimes, 0, sometimes.pages, 100);
      stir(&loose, 0, loose.pages, 100);
      stir(&fast, 0, fast.pages, 100);
    }
    // What is locked at the dump is there before the start: so all of it only on the target, where it must then come at once.
    if (access("/run/lazy-target", F_OK) == 0 && times % 4 == 0) must(mlockall(MCL_CURRENT) == 0, "mlockall");
    if (times % 4 == 2) must(munlockall() == 0 && mlock(fast.at, fast.pages * PAGE) == 0, "munlockall");
    check_all(&fast);
    check_all(&sometimes);
    check_all(&loose);
  }
}

// Two processes that write shared memory in turns, and have memory of their own.
void shared(void) {
  struct region both = region(1);
  both.pages = 24 * MIB;
  both.at = map(both.pages, MAP_SHARED | MAP_ANONYMOUS, -1);
  both.values = (uint64_t *)map(both.pages / WORDS + 1, MAP_SHARED | MAP_ANONYMOUS, -1);
  for (size_t page = 0; page < both.pages; page += 2) put(&both, page);
  volatile int *turn = (int *)map(1, MAP_SHARED | MAP_ANONYMOUS, -1);
  struct region own = region(60 * MIB);
  int me = fork() == 0;
  seed(me + 1);
  for (;;) {
    while (*turn % 2 != me) stir(&own, 0, own.pages, 10);
    stir(&both, 0, both.pages, 3000);
    check_all(&both);
    check_all(&own);
    if (me == 0) round_done();
    ++*turn;
  }
}

static int file_of(const char *name, struct region *all, size_t pages) {
  int file = open(name, O_CREAT | O_TRUNC | O_RDWR, 0600);
  must(file >= 0 && ftruncate(file, pages * PAGE) == 0, name);
  *all = (struct region){ map(pages, MAP_SHARED, file), pages, (uint64_t *)map(pages / WORDS + 1, MAP_PRIVATE | MAP_ANONYMOUS, -1) };
  for (size_t page = 0; page < pages; page++) put(all, page);
  return file;
}

// Files mapped private, a part of them written, and shared.
void files(void) {
  struct region memory = region(80 * MIB), behind, written, common;
  int file = file_of("private", &behind, 24 * MIB);
  written = behind;
  written.at = map(written.pages, MAP_PRIVATE, file);
  munmap(behind.at, behind.pages * PAGE);
  for (size_t page = 0; page < written.pages; page += 3) put(&written, page);
  file_of("shared", &common, 8 * MIB);
  for (;; round_done()) {
    stir(&memory, 0, memory.pages, 500);
    stir(&written, 0, written.pages, 500);
    stir(&common, 0, common.pages, 100);
    check_all(&memory);
    check_all(&written);
    check_all(&common);
  }
}
