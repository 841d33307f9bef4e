// Processes that check their own memory all the time.  lazy-work WORK DIRECTORY
// Whoever finds a wrong byte says so in DIRECTORY/wrong and kills all of the session; after each time that everything was right,
// DIRECTORY/rounds has one more.
#define _GNU_SOURCE
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PAGE = 4096, WORDS = PAGE / 8, MIB = 256 };

// Pages, and what is to be in each: 0 for zeros, else the number from which its words are made.
struct region {
  char *at;
  size_t pages;
  uint64_t *values;
};

uint64_t rnd(void);
void seed(uint64_t from);
void wrong(const char *what, const void *at);
void must(int holds, const char *what);
// Says that all was right once more.
void round_done(void);

char *map(size_t pages, int flags, int fd);
// Private memory with all pages written; `values` is such memory too.
struct region region(size_t pages);
void put(struct region *all, size_t page);
void check(const struct region *all, size_t page);
void check_all(const struct region *all);
// Checks so many pages at random, and writes half of them anew.
void stir(struct region *all, size_t from, size_t pages, int times);
// Waits for a child, which must end well.
void ends_well(pid_t child);

void threads(void);
void forks(void);
void brood(void);
void mappings(void);
void locked(void);
void shared(void);
void files(void);
void many(void);
