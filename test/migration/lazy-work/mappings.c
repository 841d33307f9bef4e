#include "work.h"
#include <errno.h>

// Regions that are moved, cut, thrown away, emptied and made anew; what is to be in them goes along in a model.
enum { REGIONS = 32, LARGEST = 12 * MIB };
struct mapping { struct region is; uint64_t values[LARGEST]; };
static struct mapping *mappings_of;

static void anew(struct mapping *one, void *at) {
  size_t pages = 1 + rnd() % (LARGEST / 2);
  int fixed = at ? MAP_FIXED : 0;
  one->is.pages = pages;
  one->is.values = one->values;
  one->is.at = mmap(at, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | fixed, -1, 0);
  must(one->is.at != MAP_FAILED, "mmap");
  memset(one->values, 0, pages * 8);
  for (size_t page = 0; page < pages; page++)
    if (rnd() % 8) put(&one->is, page);
}

// Gives where it is then. To a place of which something else is to be replaced, if `moved`. The kernel refuses what is no longer one mapping, as what
// has been cut and moved may not be again if parts had not been touched before.
static char *move(char *at, size_t old, size_t pages, int moved) {
  void *to = moved ? map(pages, MAP_PRIVATE | MAP_ANONYMOUS, -1) : NULL;
  char *now = mremap(at, old * PAGE, pages * PAGE, MREMAP_MAYMOVE | (moved ? MREMAP_FIXED : 0), to);
  if (now != MAP_FAILED) return now;
  must(errno == EFAULT, "mremap");
  if (moved) munmap(to, pages * PAGE);
  return NULL;
}

static void resize(struct mapping *one, size_t pages, int moved) {
  struct region *is = &one->is;
  char *now = move(is->at, is->pages, pages, moved);
  if (!now) return;
  is->at = now;
  if (pages > is->pages) memset(is->values + is->pages, 0, (pages - is->pages) * 8);
  is->pages = pages;
}

static void change(struct mapping *one) {
  struct region *is = &one->is;
  size_t from = rnd() % is->pages, count = 1 + rnd() % (is->pages - from);
  switch (rnd() % 10) {
  case 0:
  case 9:
    must(madvise(is->at + from * PAGE, count * PAGE, MADV_DONTNEED) == 0, "MADV_DONTNEED");
    memset(is->values + from, 0, count * 8);
    break;
  case 1: resize(one, is->pages, 1); break;
  case 2: resize(one, is->pages + rnd() % (LARGEST - is->pages + 1), rnd() % 2); break;
  case 3: resize(one, 1 + is->pages / 2, rnd() % 2); break;
  case 4:
    if (rnd() % 4) break;
    must(munmap(is->at, is->pages * PAGE) == 0, "munmap");
    anew(one, NULL);
    break;
  case 5:
    // What was there is replaced without being unmapped first.
    if (rnd() % 4) break;
    munmap(is->at, is->pages * PAGE);
    anew(one, map(LARGEST, MAP_PRIVATE | MAP_ANONYMOUS, -1));
    munmap(is->at + is->pages * PAGE, (LARGEST - is->pages) * PAGE);
    break;
  case 6:
    // Cut in two mappings, and whole again.
    must(mprotect(is->at + from * PAGE, count * PAGE, PROT_READ) == 0, "mprotect");
    check(is, from);
    must(mprotect(is->at + from * PAGE, count * PAGE, PROT_READ | PROT_WRITE) == 0, "mprotect");
    break;
  case 7: {
    // A half elsewhere, and back: pages that had been next to each other are not, for a while.
    if (is->pages < 4) break;
    size_t half = is->pages / 2;
    char *there = move(is->at, half, half, 1);
    if (!there) break;
    struct region moved = { there, half, is->values };
    stir(&moved, 0, half, 3);
    // Nobody else maps anything meanwhile.
    must(mremap(there, half * PAGE, half * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, is->at) == is->at, "mremap");
    break;
  }
  default: stir(is, 0, is->pages, 5);
  }
  stir(is, 0, is->pages, 1);
}

// Another thread, whose faults come between all that.
static struct region aside;
static void *reader(void *unused) {
  seed(77);
  for (;;) stir(&aside, 0, aside.pages, 100), usleep(500);
  return unused;
}

// One that touches nothing, but empties memory that nobody has touched yet.
static struct region emptied;
static volatile int passes;
static void *emptier(void *unused) {
  enum { CHUNK = 16 };
  seed(78);
  for (;; passes++) {
    for (int times = 0; times < 200; times++) {
      size_t from = rnd() % (emptied.pages - CHUNK);
      must(madvise(emptied.at + from * PAGE, CHUNK * PAGE, MADV_DONTNEED) == 0, "MADV_DONTNEED");
      memset(emptied.values + from, 0, CHUNK * 8);
      usleep(1000);
    }
    check_all(&emptied);
    for (size_t page = 0; page < emptied.pages; page++)
      if (!emptied.values[page]) put(&emptied, page);
  }
  return unused;
}

void mappings(void) {
  pthread_t thread;
  emptied = region(64 * MIB);
  aside = region(48 * MIB);
  mappings_of = (void *)map(REGIONS * sizeof *mappings_of / PAGE + 1, MAP_PRIVATE | MAP_ANONYMOUS, -1);
  for (int number = 0; number < REGIONS; number++) anew(&mappings_of[number], NULL);
  struct mapping *heap = calloc(1, sizeof *heap);
  heap->is = (struct region){ sbrk(0), 0, heap->values };
  heap->is.at = (char *)(((uintptr_t)heap->is.at + PAGE - 1) & -PAGE);
  must(brk(heap->is.at) == 0, "brk");
  pthread_create(&thread, NULL, reader, NULL);
  pthread_create(&thread, NULL, emptier, NULL);
  for (int seen;; round_done()) {
    seen = passes;
    // Changes come between all the time, so that there are many of them while memory follows.
    for (int number = 0; number < REGIONS; number++) {
      struct region *is = &mappings_of[number].is;
      for (size_t page = 0; page < is->pages; page++) {
        check(is, page);
        if (page % 64 == 63) change(&mappings_of[rnd() % REGIONS]);
      }
      size_t pages = rnd() % LARGEST, old = heap->is.pages;
      must(brk(heap->is.at + pages * PAGE) == 0, "brk");
      heap->is.pages = pages;
      if (pages > old) memset(heap->values + old, 0, (pages - old) * 8);
      if (pages > 0) stir(&heap->is, 0, pages, 20);
    }
    check_all(&heap->is);
    while (passes == seen) usleep(1000);
  }
}
