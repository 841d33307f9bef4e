#include "work.h"

enum { THREADS = 4 };
static struct region memory;
static pthread_barrier_t rounds;

// Each has a part of its own, next to the others'.
static void *worker(void *number) {
  size_t part = memory.pages / THREADS, from = (size_t)number * part;
  seed((size_t)number + 1);
  for (;;) {
    stir(&memory, from, part, 2000);
    for (size_t page = from; page < from + part; page++) check(&memory, page);
    pthread_barrier_wait(&rounds);
  }
  return NULL;
}

void threads(void) {
  pthread_t thread;
  memory = region(208 * MIB);
  pthread_barrier_init(&rounds, NULL, THREADS + 1);
  for (size_t number = 0; number < THREADS; number++) pthread_create(&thread, NULL, worker, (void *)number);
  for (;;) {
    pthread_barrier_wait(&rounds);
    round_done();
  }
}

// So many processes with a little each.
void many(void) {
  enum { PROCESSES = 50 };
  struct region memory = region(MIB);
  struct { volatile int of[PROCESSES]; } *rounds = (void *)map(1, MAP_SHARED | MAP_ANONYMOUS, -1);
  for (int number = 0; number < PROCESSES; number++) {
    if (fork()) continue;
    seed(number + 1);
    for (;; rounds->of[number]++) {
      stir(&memory, 0, memory.pages, 500);
      check_all(&memory);
      usleep(50000);
    }
  }
  for (int wanted = 1;; wanted++) {
    for (int number = 0; number < PROCESSES; number++)
      while (rounds->of[number] < wanted) usleep(1000);
    check_all(&memory);
    round_done();
  }
}
