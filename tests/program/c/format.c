/* Formatted output and input of integers and text; no floating point. */
#include "check.h"
#include <inttypes.h>
#include <limits.h>
#include <stddef.h>
#include <wchar.h>

int main(void) {
    static const long values[] = {0, 1, -1, 42, 255, -256, INT_MAX, INT_MIN, LONG_MAX, LONG_MIN};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        long v = values[i];
        printf("%ld|%lu|%lx|%lX|%lo|%#lx|%+ld|% ld|%020ld|%-20ld|%.5ld\n", v, v, v, v, v, v, v, v, v, v, v);
        printf("%d|%hd|%hhd|%u|%hu|%hhu\n", (int)v, (short)v, (signed char)v, (int)v, (short)v, (char)v);
    }
    printf("%s|%10s|%-10s|%.2s|%c|%%|%5c|%*d|%-*d|\n", "text", "right", "left", "cut", 'c', 'd', 8, 99, 8, 99);
    printf("%2$s %1$d %3$.*4$s\n", 5, "positional", "abcdef", 3);
    printf("%p %p\n", (void *)0x1234, (void *)0);
    int written;
    printf("count%n\n", &written);
    printf("%d %jd %zu %td %" PRIu64 "\n", written, (intmax_t)-5, sizeof(long), (ptrdiff_t)7, UINT64_MAX);
    char buffer[32];
    int n = snprintf(buffer, sizeof buffer, "%s", "a text that is longer than the buffer is");
    printf("%d %s\n", n, buffer);
    int a, b; char word[20]; unsigned x; long long big;
    n = sscanf("12 -7 word 0xff 123456789012345", "%d %d %19s %x %lld", &a, &b, word, &x, &big);
    printf("%d: %d %d %s %x %lld\n", n, a, b, word, x, big);
    n = sscanf("key=value;rest", "%19[^=]=%*[^;];%n", word, &a);
    printf("%d %s %d\n", n, word, a);
    const char *numbers[] = {"0", "  12abc", "-99999999999999999999", "0x7fzz", "077", "zz", "18446744073709551616"};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        char *end;
        errno = 0;
        long value = strtol(numbers[i], &end, 0);
        printf("%s: %ld %d rest '%s' ", numbers[i], value, errno, end);
        errno = 0;
        printf("%lu %d %ld\n", strtoul(numbers[i], NULL, 10), errno, strtol(numbers[i], NULL, 36));
    }
    printf("%ls %lc\n", L"wide", L'w');
    FILE *f = fopen("lines", "w+");
    for (int i = 0; i < 1000; i++) fprintf(f, "line %d of %s\n", i, "many");
    rewind(f);
    char *line = NULL; size_t size = 0; uint64_t hash = 0; int lines = 0;
    while (getline(&line, &size, f) > 0) { hash = mix_bytes(hash, line, strlen(line)); lines++; }
    printf("%d lines %016" PRIx64 " eof %d\n", lines, hash, feof(f) != 0);
    fseek(f, -5, SEEK_END);
    printf("%ld %c", ftell(f), fgetc(f));
    ungetc('!', f);
    printf("%c%c\n", fgetc(f), fgetc(f));
    fclose(f);
    f = fopen("lines", "a+");
    fputs("appended", f);
    printf("%ld\n", ftell(f));
    fclose(f);
    printf("%s\n", fopen("no/where", "r") ? "?" : error_name(errno));
    f = fmemopen(buffer, sizeof buffer, "w");
    fprintf(f, "in memory %d", 5);
    fclose(f);
    puts(buffer);
    char *open = NULL; size_t length;
    f = open_memstream(&open, &length);
    for (int i = 0; i < 100; i++) fprintf(f, "%d,", i * i);
    fclose(f);
    printf("%zu %s\n", length, open);
    setvbuf(stdout, NULL, _IONBF, 0);
    fputs("unbuffered\n", stdout);
    fprintf(stderr, "to stderr %d\n", 1);
    return 0;
}
