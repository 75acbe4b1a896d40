/* What a program finds at its start, and asks the system about itself. */
#include "check.h"
#include <elf.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/auxv.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>

extern char **environ;
__attribute__((constructor)) static void before(void) { puts("constructor"); }
static void after(void) { puts("atexit"); }
static _Thread_local int per_thread = 5;
static int uninitialised[1000];

int main(int argc, char **argv) {
    atexit(after);
    printf("%d arguments:", argc - 1);
    for (int i = 1; i < argc; i++) printf(" [%s]", argv[i]);
    puts("");
    for (char **e = environ; *e; e++) if (strncmp(*e, "PATH=", 5) && strncmp(*e, "HOME=", 5)) puts(*e);
    printf("%s %s\n", getenv("TZ"), getenv("NOTHING") ? "set" : "unset");
    setenv("NEW", "value", 1); unsetenv("TZ");
    printf("%s %s\n", getenv("NEW"), getenv("TZ") ? "set" : "unset");
    printf("%d %d\n", per_thread++, uninitialised[500]);
    printf("page %lu phnum %d entry %d random %d platform %s secure %lu clock %lu\n", getauxval(AT_PAGESZ),
           getauxval(AT_PHNUM) > 0, getauxval(AT_ENTRY) != 0, getauxval(AT_RANDOM) != 0,
           (char *)getauxval(AT_PLATFORM), getauxval(AT_SECURE), getauxval(AT_CLKTCK));
    printf("ids agree %d %d\n", getauxval(AT_UID) == getuid(), getauxval(AT_EGID) == getegid());
    printf("execfn is argv[0]: %d\n", !strcmp((char *)getauxval(AT_EXECFN), argv[0]));
    struct utsname u;
    SHOW(uname(&u));
    printf("%s %s\n", u.sysname, u.machine);
    char path[PATH_MAX], link[PATH_MAX];
    printf("cwd ends in %s\n", strrchr(getcwd(path, sizeof path), '/'));
    ssize_t n = readlink("/proc/self/exe", link, sizeof link - 1);
    link[n > 0 ? n : 0] = 0;
    printf("exe %s\n", strrchr(link, '/') ? strrchr(link, '/') : "none");
    int fd = open("/proc/self/cmdline", O_RDONLY);
    n = read(fd, path, sizeof path);
    printf("cmdline has %d zeros\n", n > 0 ? (int)(memchr(path, 0, n) != NULL) : -1);
    struct rlimit limit;
    SHOW(getrlimit(RLIMIT_STACK, &limit));
    limit.rlim_cur = 100;
    SHOW(setrlimit(RLIMIT_NOFILE, &(struct rlimit){50, 60}));
    SHOW(getrlimit(RLIMIT_NOFILE, &limit) ? -1 : (long)limit.rlim_cur);
    SHOW(dup2(0, 55));
    SHOW(sysconf(_SC_PAGESIZE));
    SHOW(sysconf(_SC_OPEN_MAX));
    SHOW(sysconf(_SC_CLK_TCK));
    struct sysinfo info;
    SHOW(sysinfo(&info));
    printf("memory %d\n", info.totalram > 0);
    unsigned char noise[32] = {0};
    SHOW(getrandom(noise, sizeof noise, 0));
    int zeros = 0;
    for (int i = 0; i < 32; i++) zeros += !noise[i];
    printf("random %d\n", zeros < 8);
    SHOW(getpid() > 0 && getppid() > 0);
    SHOW(umask(077) >= 0);
    SHOW(umask(022));
    SHOW(ioctl(1, TCGETS, path));
    char input[100];
    while (fgets(input, sizeof input, stdin)) printf("input %s", input);
    puts("no newline at the end");
    printf("exit");
    return 300;
}
