// A workload to begin from, in C: counts the primes below a limit, a range of numbers at a time.
//
//   clang --target=wasm32-wasi --sysroot=/usr -O2 count-primes.c -o count-primes.wasm
//
// needs clang, lld, wasi-libc and the compiler runtime for wasm32 (on Debian the packages clang,
// lld, wasi-libc, libclang-rt-dev-wasm32), or the WASI SDK.

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BAD_INPUT = 1, BAD_PARAMETER = 2, PARTS = 100, LINE_BYTES = 256 };
static const int64_t LIMIT_MAX = 4000000000;

static void refuse(const char *name, const char *message) {
  fprintf(stderr, "%s: %s\n", name, message);
  exit(BAD_PARAMETER);
}

// The whole number that belongs to a name in a flat JSON object; `fallback` when there is none.
static int64_t number(const char *json, const char *name, int64_t fallback, int64_t max) {
  char key[64];
  snprintf(key, sizeof key, "\"%s\":", name);
  const char *at = strstr(json, key);
  if (at == NULL) {
    if (fallback < 0) refuse(name, "it is missing");
    return fallback;
  }
  const char *start = at + strlen(key);
  char *end;
  int64_t value = strtoll(start, &end, 10);
  if (end == start || value < 0 || value > max) refuse(name, "it has to be a whole number, and not too large");
  return value;
}

// Prints one line of JSON for each subtask.
static void split(const char *params) {
  int64_t limit = number(params, "limit", -1, LIMIT_MAX);
  int64_t most = number(params, "max_subtasks", PARTS, INT32_MAX);
  int64_t parts = most < 1 ? 1 : most < PARTS ? most : PARTS;
  int64_t size = limit / parts + 1;
  for (int64_t first = 0; first < limit; first += size) {
    int64_t count = size < limit - first ? size : limit - first;
    printf("{\"first\":%" PRId64 ",\"count\":%" PRId64 "}\n", first, count);
  }
}

static int is_prime(int64_t value) {
  if (value < 4) return value > 1;
  if (value % 2 == 0) return 0;
  for (int64_t divisor = 3; divisor * divisor <= value; divisor += 2)
    if (value % divisor == 0) return 0;
  return 1;
}

// Gets one of these lines and writes its result, here a number as text.
static void map(void) {
  char line[LINE_BYTES];
  if (fgets(line, sizeof line, stdin) == NULL) refuse("stdin", "there is no subtask");
  int64_t first = number(line, "first", -1, LIMIT_MAX);
  int64_t count = number(line, "count", -1, LIMIT_MAX);
  int64_t primes = 0;
  for (int64_t value = first; value < first + count; value++) primes += is_prime(value);
  printf("%" PRId64, primes);
}

// Gets all the results in the order of their lines, each with its length before it as four bytes,
// the most significant one first, and writes the final result.
static void reduce(void) {
  unsigned char header[4];
  int64_t total = 0;
  while (fread(header, 1, 4, stdin) == 4) {
    uint32_t length = (uint32_t)header[0] << 24 | header[1] << 16 | header[2] << 8 | header[3];
    char text[32] = {0};
    if (length >= sizeof text || fread(text, 1, length, stdin) != length) {
      fprintf(stderr, "stdin: a result is cut or too long\n");
      exit(BAD_INPUT);
    }
    total += strtoll(text, NULL, 10);
  }
  printf("{\"primes\":%" PRId64 "}\n", total);
}

int main(int argc, char **argv) {
  const char *entry = argc > 1 ? argv[1] : "";
  if (strcmp(entry, "split") == 0) split(argc > 2 ? argv[2] : "{}");
  else if (strcmp(entry, "map") == 0) map();
  else if (strcmp(entry, "reduce") == 0) reduce();
  else refuse("usage", "split PARAMS_JSON | map | reduce");
  return 0;
}
