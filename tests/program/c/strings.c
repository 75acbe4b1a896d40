/* string.h at every alignment and length, checked by simple loops. */
#include "check.h"
#include <ctype.h>
#include <sys/mman.h>

static char *edge;  /* the last page before one that may not be touched */
static int wrong;

static void expect(int good, const char *what, int offset, int n) {
    if (!good && wrong++ < 10) printf("wrong: %s offset %d length %d\n", what, offset, n);
}

int main(void) {
    edge = mmap(NULL, 3 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    munmap(edge + 8192, 4096);
    uint64_t hash = 0;
    for (int n = 0; n < 200; n += n < 70 ? 1 : 13) for (int offset = 0; offset < 33; offset += 3) {
        char *a = edge + 8192 - n - 1 - offset, *b = edge + 500 + offset % 17;
        for (int i = 0; i < n; i++) a[i] = 'a' + (i * 7 + offset) % 26;
        a[n] = 0;
        expect((int)strlen(a) == n, "strlen", offset, n);
        expect((int)strnlen(a, 50) == (n < 50 ? n : 50), "strnlen", offset, n);
        memset(b, '#', 300);
        memcpy(b, a, n + 1);
        int same = 1;
        for (int i = 0; i <= n; i++) same &= a[i] == b[i];
        expect(same && b[n + 1] == '#', "memcpy", offset, n);
        expect(!memcmp(a, b, n + 1) && !strcmp(a, b) && !strncmp(a, b, n), "equal", offset, n);
        expect(memchr(a, 0, n + 1) == a + n && strchr(a, 0) == a + n && strchrnul(a, 0) == a + n, "find 0", offset, n);
        expect(!strchr(a, '#') && !strrchr(a, '#') && !memrchr(a, '#', n), "find nothing", offset, n);
        if (n) {
            char last = a[n - 1];
            int first = 0;
            while (a[first] != last) first++;
            expect(strchr(a, last) == a + first && memchr(a, last, n) == a + first, "strchr", offset, n);
            expect(strrchr(a, last) == a + n - 1 && memrchr(a, last, n) == a + n - 1, "strrchr", offset, n);
            b[n - 1] = last + 1;
            expect(memcmp(a, b, n) < 0 && strcmp(b, a) > 0 && strncmp(a, b, n) < 0, "order", offset, n);
            expect(!strncmp(a, b, n - 1), "strncmp", offset, n);
        }
        memmove(b + 3, b, n);
        memmove(b, b + 5, n);
        hash = mix_bytes(hash, b, 300);
        char *end = stpcpy(b, a);
        expect(end == b + n && !*end, "stpcpy", offset, n);
        strncpy(b, a, 40);
        strcat(b + 39, "");
        b[40] = 0;
        strcpy(b + 100, a);
        strncat(b + 100, a, 5);
        hash = mix_bytes(hash, b, 300);
        expect((int)strspn(a, "abcdefghijklmnopqrstuvwxyz") == n && !strpbrk(a, "#!"), "strspn", offset, n);
        expect((int)strcspn(a, "\x01") == n, "strcspn", offset, n);
        if (n > 4) {
            char needle[5] = {a[n - 4], a[n - 3], a[n - 2], a[n - 1], 0};
            char *at = strstr(a, needle), *scan = a;
            while (strncmp(scan, needle, 4)) scan++;
            expect(at == scan && memmem(a, n, needle, 4) == scan, "strstr", offset, n);
        }
        bzero(b, n);
        hash = mix_bytes(hash, b, 300);
    }
    printf("%d wrong, %016llx\n", wrong, (unsigned long long)hash);
    char text[] = "one,two;;three four", *rest = text, *word;
    while ((word = strtok_r(rest, ",; ", &rest))) printf("[%s]", word);
    puts("");
    char *fields = strdup("a::b:"), *field;
    while ((field = strsep(&fields, ":"))) printf("<%s>", field);
    puts("");
    printf("%d %d %d\n", strcasecmp("HeLLo", "hEllO"), strncasecmp("abcX", "ABCy", 3), strcasecmp("a", "B") < 0);
    printf("%d %s\n", strverscmp("file9", "file10") < 0, strerror(ENOENT));
    for (int c = 0; c < 256; c++) hash = mix(hash, !!isalpha(c) | !!isdigit(c) << 1 | !!isspace(c) << 2 | (unsigned)!!ispunct(c) << 3 | toupper(c) << 8);
    printf("%016llx\n", (unsigned long long)hash);
    return 0;
}
