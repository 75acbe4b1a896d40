/* Data structures: sorting, searching, trees, tables. */
#include "check.h"
#include <search.h>

struct item { uint32_t key; uint32_t order; char name[24]; };

static int by_key(const void *a, const void *b) {
    const struct item *x = a, *y = b;
    if (x->key != y->key) return x->key < y->key ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}
static int by_text(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }
static int by_int(const void *a, const void *b) { return *(const int *)a - *(const int *)b; }

struct node { struct node *left, *right; uint32_t key; };
static struct node *insert(struct node *n, uint32_t key) {
    if (!n) { n = calloc(1, sizeof *n); n->key = key; return n; }
    if (key < n->key) n->left = insert(n->left, key); else n->right = insert(n->right, key);
    return n;
}
static uint64_t walk(const struct node *n, uint64_t hash) {
    return n ? walk(n->right, mix(walk(n->left, hash), n->key)) : hash;
}

int main(void) {
    enum { N = 5000 };
    struct item *items = malloc(N * sizeof *items);
    for (int i = 0; i < N; i++) {
        items[i].key = random32() % 1000; items[i].order = i;
        snprintf(items[i].name, sizeof items[i].name, "item %u", random32() % 10000);
    }
    qsort(items, N, sizeof *items, by_key);
    uint64_t hash = mix_bytes(0, items, 0);
    for (int i = 0; i < N; i++) hash = mix(mix_bytes(hash, items[i].name, strlen(items[i].name)), items[i].order);
    printf("sorted %016llx\n", (unsigned long long)hash);
    char **names = malloc(N * sizeof *names);
    for (int i = 0; i < N; i++) names[i] = items[i].name;
    qsort(names, N, sizeof *names, by_text);
    printf("%s %s %s\n", names[0], names[N / 2], names[N - 1]);
    char *wanted = "item 42";
    char **found = bsearch(&wanted, names, N, sizeof *names, by_text);
    printf("found %d\n", found != NULL);
    struct node *tree = NULL;
    for (int i = 0; i < N; i++) tree = insert(tree, random32());
    printf("tree %016llx\n", (unsigned long long)walk(tree, 0));
    int table[200], *where;
    size_t used = 0;
    for (int i = 0; i < 150; i++) {
        int key = random32() % 100;
        where = lsearch(&key, table, &used, sizeof *table, by_int);
        hash = mix(hash, where - table);
    }
    printf("different %zu %016llx\n", used, (unsigned long long)hash);
    hcreate(500);
    for (int i = 0; i < 300; i++) hsearch((ENTRY){names[i * 7], (void *)(long)i}, ENTER);
    ENTRY *entry = hsearch((ENTRY){names[7 * 100], NULL}, FIND);
    printf("hash %s\n", entry ? entry->key : "nothing");
    static unsigned char sieve[200000];
    int primes = 0;
    for (int i = 2; i < 200000; i++) if (!sieve[i]) { primes++; for (long j = (long)i * i; j < 200000; j += i) sieve[j] = 1; }
    printf("%d primes\n", primes);
    return 0;
}
