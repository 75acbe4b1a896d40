/* Files and folders: what the calls answer, and what they leave behind. */
#include "check.h"
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>

static void show_stat(const char *name) {
    struct stat s;
    if (lstat(name, &s)) { printf("lstat %s: %s\n", name, error_name(errno)); return; }
    printf("%s: mode %o links %ld size %ld blocks %s\n", name, s.st_mode, (long)s.st_nlink,
           S_ISDIR(s.st_mode) ? -1L : (long)s.st_size, s.st_blocks ? "some" : "none");
}

static int by_name(const struct dirent **a, const struct dirent **b) {
    return strcmp((*a)->d_name, (*b)->d_name);
}

static void list(const char *path) {
    struct dirent **names;
    int n = scandir(path, &names, NULL, by_name);
    if (n < 0) { printf("scandir %s: %s\n", path, error_name(errno)); return; }
    printf("%s:", path);
    for (int i = 0; i < n; i++) printf(" %s%s", names[i]->d_name, names[i]->d_type == DT_DIR ? "/" : "");
    puts("");
}

int main(void) {
    char buffer[256];
    umask(022);
    int fd = open("f", O_RDWR | O_CREAT | O_EXCL, 0666);
    SHOW(fd >= 0);
    SHOW(open("f", O_RDWR | O_CREAT | O_EXCL, 0666));
    SHOW(write(fd, "hello, world\n", 13));
    SHOW(lseek(fd, -6, SEEK_END));
    SHOW(read(fd, buffer, sizeof buffer));
    SHOW(read(fd, buffer, sizeof buffer));
    SHOW(pread(fd, buffer, 5, 0));
    SHOW(pwrite(fd, "J", 1, 0));
    SHOW(lseek(fd, 100, SEEK_SET));
    SHOW(write(fd, "end", 3));
    SHOW(lseek(fd, -1, SEEK_SET));
    SHOW(lseek(fd, 0, 77));
    show_stat("f");
    struct iovec out[3] = {{"one ", 4}, {"two ", 4}, {"three", 5}};
    SHOW(writev(fd, out, 3));
    char a[6], b[7];
    struct iovec in[2] = {{a, 6}, {b, 7}};
    SHOW(preadv(fd, in, 2, 103));
    printf("%.6s|%.7s\n", a, b);
    SHOW(ftruncate(fd, 8));
    show_stat("f");
    SHOW(ftruncate(fd, 4096));
    SHOW(fallocate(fd, 0, 0, 5000));
    show_stat("f");
    int copy = dup(fd);
    SHOW(lseek(fd, 3, SEEK_SET));
    SHOW(lseek(copy, 0, SEEK_CUR));
    SHOW(dup2(copy, 40));
    SHOW(fcntl(40, F_GETFD));
    SHOW(fcntl(40, F_SETFD, FD_CLOEXEC));
    SHOW(fcntl(40, F_GETFD));
    SHOW(fcntl(fd, F_DUPFD, 50));
    SHOW(fcntl(fd, F_GETFL) & (O_ACCMODE | O_APPEND));
    SHOW(close(40));
    SHOW(close(40));
    int append = open("f", O_WRONLY | O_APPEND);
    SHOW(lseek(append, 0, SEEK_SET));
    SHOW(write(append, "tail", 4));
    SHOW(lseek(append, 0, SEEK_CUR));
    SHOW(read(append, buffer, 1));

    SHOW(mkdir("d", 0777));
    SHOW(mkdir("d", 0777));
    SHOW(mkdir("no/d", 0777));
    SHOW(mkdir("d/e", 0700));
    SHOW(rmdir("d"));
    SHOW(link("f", "d/hard"));
    SHOW(symlink("../f", "d/soft"));
    SHOW(symlink("loop", "loop"));
    SHOW(open("loop", O_RDONLY));
    SHOW(open("d/soft", O_RDONLY | O_NOFOLLOW));
    SHOW(readlink("d/soft", buffer, sizeof buffer));
    SHOW(readlink("f", buffer, sizeof buffer));
    SHOW(rename("d/hard", "d/e/moved"));
    SHOW(rename("d", "d/e/inside"));
    SHOW(rename("f", "d"));
    SHOW(unlink("d"));
    SHOW(unlink("d/nothing"));
    SHOW(access("f", W_OK));
    SHOW(access("f", X_OK));
    SHOW(chmod("f", 04751));
    show_stat("f");
    show_stat("d/soft");
    show_stat("d/e/moved");
    show_stat("loop");
    struct timespec times[2] = {{1000000000, 123456789}, {1100000000, 987654321}};
    SHOW(utimensat(AT_FDCWD, "f", times, 0));
    struct stat s;
    SHOW(stat("d/soft", &s));
    printf("%ld.%09ld %ld.%09ld\n", (long)s.st_atime, s.st_atim.tv_nsec, (long)s.st_mtime, s.st_mtim.tv_nsec);
    int dir = open("d", O_RDONLY | O_DIRECTORY);
    SHOW(openat(dir, "soft", O_RDONLY) >= 0);
    SHOW(read(dir, buffer, 1));
    SHOW(openat(dir, "../d/e/moved/x", O_RDONLY));
    SHOW(open("f", O_RDONLY | O_DIRECTORY));
    SHOW(open("d", O_WRONLY));
    list("."); list("d"); list("d/e"); list("f"); list("nowhere");
    SHOW(chdir("d/e"));
    SHOW(access("moved", R_OK));
    SHOW(fchdir(dir));
    SHOW(access("soft", R_OK));
    SHOW(open("", O_RDONLY));
    char longer[5000];
    memset(longer, 'x', sizeof longer); longer[300] = 0;
    SHOW(open(longer, O_RDONLY));
    longer[300] = 'x'; longer[4999] = 0;
    SHOW(open(longer, O_RDONLY));
    SHOW(open((char *)1, O_RDONLY));
    SHOW(write(fd, (char *)1, 10));
    SHOW(unlinkat(dir, "e/moved", 0));
    SHOW(unlinkat(dir, "e", AT_REMOVEDIR));
    show_stat("../f");
    return 0;
}
