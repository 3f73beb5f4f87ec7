/* The till from exec to the first screen, and the till at rest: start, memory, idle CPU.
 *
 *   start    holdfast --headless with a script that expects the sign-in screen, from fork to its
 *            end, closing included; beside it fork and exec of `holdfast --version`, and open and
 *            read of the same files: assets and device.json whole, of each database 64 KiB
 *
 *   memory   VmRSS after 20 printed sales of 5 lines, signed in, on the sell screen; beside it the
 *            size of what is mapped (VmSize)
 *
 *   idle     time on the CPU of all threads over 6 s of the till's loop in this process, signed in,
 *            on the sell screen; the agent is not running
 */
#include "tests/bench/panel.h"
#include "tests/bench/shop.h"

#include "terminal/base/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum { STARTS = 25, DATABASE_BYTES = 65536, SALES = 20, LINES = 5, IDLE_S = 6 };

/* ---- start ----------------------------------------------------------------------------------- */

static void read_file(const char *path, size_t most)
{
    char bytes[16384];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = 1;
    for (size_t all = 0; fd >= 0 && all < most && got > 0; all += (size_t)got)
        got = read(fd, bytes, sizeof bytes);
    if (fd >= 0)
        close(fd);
}

/* Every file beneath the folder; of databases and their logs the beginning. */
static void read_folder(const char *folder)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;
    while (dir && (entry = readdir(dir))) {
        char *path = path_join(folder, entry->d_name);
        struct stat info;
        if (entry->d_name[0] != '.' && lstat(path, &info) == 0) {
            if (S_ISDIR(info.st_mode))
                read_folder(path);
            else if (S_ISREG(info.st_mode))
                read_file(path, strstr(entry->d_name, ".db") ? DATABASE_BYTES : SIZE_MAX);
        }
        free(path);
    }
    if (dir)
        closedir(dir);
}

static enum status write_script(const struct shop *shop, const char *text, char path[96],
                                struct error *error)
{
    snprintf(path, 96, "%s/script", shop->folder);
    return file_write_durable(path, text, strlen(text), 0600, error);
}

static enum status measure_start(struct bench *bench, const struct shop *shop, const char *script,
                                 struct samples *ours, struct samples *limit, struct error *error)
{
    char *program = bench_program(bench, "holdfast");
    char *assets = bench_program(bench, "../share/holdfast");
    char *run[] = {program,        "--data", (char *)shop->first, "--headless", "--script",
                   (char *)script, NULL};
    char *version[] = {program, "--version", NULL};
    enum status status = bench_run(run, NULL, 0, error); /* makes till.db */
    for (int i = 0; i < STARTS && !status; i++) {
        double start = now_us();
        status = bench_run(run, NULL, 0, error);
        samples_add(ours, now_us() - start);
        start = now_us();
        if (!status)
            status = bench_run(version, NULL, 0, error);
        read_folder(assets);
        read_folder(shop->first);
        samples_add(limit, now_us() - start);
    }
    free(assets);
    free(program);
    return status;
}

enum status bench_start_till(struct bench *bench, struct error *error)
{
    struct shop *shop;
    struct samples ours = {0}, limit = {0};
    char script[96];
    enum status status = bench_shop(bench, &shop, error);
    if (!status)
        status = write_script(shop, "expect screen sign-in\n", script, error);
    if (!status)
        status = measure_start(bench, shop, script, &ours, &limit, error);
    if (!status) {
        bench_below(bench, "start", "start: exec to sign-in screen drawn and exit, p50",
                    samples_at(&ours, 0.5) / 1e3, samples_at(&limit, 0.5) / 1e3, "ms", 150,
                    "<= 150 ms");
        bench_below(bench, "start", "start: exec to sign-in screen drawn and exit, max",
                    samples_at(&ours, 1) / 1e3, samples_at(&limit, 1) / 1e3, "ms", 150,
                    "<= 150 ms");
    }
    samples_finish(&ours);
    samples_finish(&limit);
    return status;
}

/* ---- memory and idle ------------------------------------------------------------------------- */

static enum status add(struct buf *script, const char *line)
{
    return buf_printf(script, "%s\n", line);
}

static enum status selling_script(const struct shop *shop, struct buf *out)
{
    enum status status =
        add(out, "press person/P01\ndigits 1234\npress pin-go\n"
                 "wait screen shift-open\ndigits 100\npress pad/do\nwait screen sell");
    for (int sale = 0; sale < SALES && !status; sale++) {
        for (int line = 0; line < LINES && !status; line++)
            status =
                buf_printf(out, "scan %s\n", shop_product(shop, shop_random(shop), PRODUCT_GTIN));
        if (!status)
            status = add(out, "press pay\nexpect screen tender\npress cash/0\nexpect screen change"
                              "\npress next-sale\nexpect screen sell");
    }
    return status ? status : add(out, "wait printed\nnote ready\nwait text \"what is never said\"");
}

static double status_mib(int pid, const char *name)
{
    char path[64], line[256];
    long kib = 0;
    snprintf(path, sizeof path, "/proc/%d/status", pid);
    FILE *file = fopen(path, "re");
    while (file && fgets(line, sizeof line, file))
        if (strncmp(line, name, strlen(name)) == 0)
            kib = strtol(line + strlen(name) + 1, NULL, 10);
    if (file)
        fclose(file);
    return (double)kib / 1024;
}

/* Reads what the script prints until it says that it is ready. */
static enum status wait_ready(int fd, struct error *error)
{
    char text[4096];
    size_t used = 0;
    ssize_t got = 1;
    while (used + 1 < sizeof text && got > 0) {
        got = read(fd, text + used, sizeof text - 1 - used);
        used += got > 0 ? (size_t)got : 0;
        text[used] = '\0';
        if (strstr(text, "ready"))
            return STATUS_OK;
    }
    return error_set(error, STATUS_INVALID, "the till did not come to the sell screen: %s", text);
}

static double cpu_us(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

/* The till's own loop, left alone. */
static enum status measure_idle(struct bench *bench, const struct shop *shop, struct error *error)
{
    struct panel panel;
    enum status status = panel_open(bench, shop, &panel, error);
    if (!status) {
        panel_settle(&panel);
        double cpu = cpu_us(), start = now_us(), left = IDLE_S * 1e6;
        for (; left > 0; left = start + IDLE_S * 1e6 - now_us())
            app_step(panel.app, (int)(left / 1e3) + 1);
        bench_below(bench, "memory", "idle CPU over 6 s",
                    100 * (cpu_us() - cpu) / (now_us() - start), 0, "%", 0.05, "0.0 %");
    }
    panel_close(&panel);
    return status;
}

enum status bench_memory(struct bench *bench, struct error *error)
{
    struct shop *shop;
    struct buf text;
    char script[96];
    int pid, fd;
    enum status status = bench_shop(bench, &shop, error);
    if (status)
        return status;
    buf_init(&text, 1 << 20);
    status = selling_script(shop, &text);
    if (!status)
        status = write_script(shop, buf_text(&text), script, error);
    buf_finish(&text);
    char *program = bench_program(bench, "holdfast");
    char *run[] = {program, "--data", shop->first, "--headless", "--script", script, NULL};
    if (!status)
        status = bench_start(run, &pid, &fd, error);
    free(program);
    if (status)
        return status;
    status = wait_ready(fd, error);
    if (!status)
        bench_below(bench, "memory", "resident memory, selling, full catalogue",
                    status_mib(pid, "VmRSS"), status_mib(pid, "VmSize"), "MiB", 96, "<= 96 MiB");
    bench_stop(pid);
    close(fd);
    return status ? status : measure_idle(bench, shop, error);
}
