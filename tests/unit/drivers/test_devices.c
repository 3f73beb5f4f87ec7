/* The contract of device.h on the drivers that need no hardware, and the spool above them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "drivers/printer_file.h"
#include "drivers/scanner_socket.h"
#include "drivers/spool.h"
#include "terminal/base/file.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* A sink that keeps what it heard, and lets a test wait for it. */
struct heard {
    pthread_mutex_t mutex;
    pthread_cond_t more;
    int scans, printed, states;
    char scan[SCAN_MAX + 1];
    int64_t job;
    enum status result;
    char text[200];
};

static void hear(void *context, const struct device_event *event)
{
    struct heard *heard = context;
    pthread_mutex_lock(&heard->mutex);
    if (event->kind == DEVICE_EVENT_SCAN) {
        memcpy(heard->scan, event->scan, event->scan_length);
        heard->scan[event->scan_length] = '\0';
        heard->scans++;
    } else if (event->kind == DEVICE_EVENT_PRINTED) {
        heard->job = event->job;
        heard->result = event->result;
        snprintf(heard->text, sizeof heard->text, "%s", event->text);
        heard->printed++;
    } else {
        heard->states++;
    }
    pthread_cond_broadcast(&heard->more);
    pthread_mutex_unlock(&heard->mutex);
}

static void heard_init(struct heard *heard)
{
    memset(heard, 0, sizeof *heard);
    pthread_mutex_init(&heard->mutex, NULL);
    pthread_cond_init(&heard->more, NULL);
}

static void wait_printed(struct heard *heard, int count)
{
    pthread_mutex_lock(&heard->mutex);
    while (heard->printed < count)
        pthread_cond_wait(&heard->more, &heard->mutex);
    pthread_mutex_unlock(&heard->mutex);
}

static char folder[64];

static int setup(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/holdfast-devices-XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command);
}

static char *in_folder(const char *name)
{
    return path_join(folder, name);
}

static struct printer *file_printer(struct heard *heard)
{
    struct printer *printer;
    struct error error;
    heard_init(heard);
    assert_int_equal(
        printer_file_driver.create(folder, (struct device_sink){hear, heard}, &printer, &error),
        STATUS_OK);
    assert_int_equal(heard->states, 1);
    return printer;
}

static const uint8_t hello[] = "\x1B@Hello\n";

static void test_printer_file__reports_a_job_once_it_is_on_disk(void **state)
{
    (void)state;
    struct heard heard;
    struct printer *printer = file_printer(&heard);
    struct error error;
    assert_int_equal(
        printer_file_driver.print(printer, 7, "T01-AAA-000001", hello, sizeof hello - 1, &error),
        STATUS_OK);
    wait_printed(&heard, 1);
    assert_int_equal(heard.job, 7);
    assert_int_equal(heard.result, STATUS_OK);
    struct buf bytes;
    buf_init(&bytes, 1000);
    char *path = in_folder("T01-AAA-000001.escpos");
    assert_int_equal(file_read(path, &bytes, &error), STATUS_OK);
    assert_memory_equal(bytes.data, hello, sizeof hello - 1);
    free(path);
    path = in_folder("T01-AAA-000001.png");
    assert_true(file_exists(path));
    free(path);
    buf_finish(&bytes);
    printer_file_driver.destroy(printer);
}

static void test_printer_file__never_overwrites(void **state)
{
    (void)state;
    struct heard heard;
    struct printer *printer = file_printer(&heard);
    struct error error;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(
            printer_file_driver.print(printer, i, "Z-1", hello, sizeof hello - 1, &error),
            STATUS_OK);
        wait_printed(&heard, i + 1);
    }
    static const char *const names[] = {"Z-1.escpos", "Z-1-2.escpos", "Z-1-3.png"};
    for (int i = 0; i < 3; i++) {
        char *path = in_folder(names[i]);
        assert_true(file_exists(path));
        free(path);
    }
    printer_file_driver.destroy(printer);
}

static void test_printer_file__says_why_a_job_failed(void **state)
{
    (void)state;
    struct heard heard;
    struct printer *printer = file_printer(&heard);
    struct error error;
    static const uint8_t nonsense[] = {0x1B, 'Z'};
    assert_int_equal(printer_file_driver.print(printer, 1, "../escape", hello, 8, &error),
                     STATUS_INVALID);
    assert_int_equal(
        printer_file_driver.print(printer, 1, "bad", nonsense, sizeof nonsense, &error), STATUS_OK);
    wait_printed(&heard, 1);
    assert_int_equal(heard.result, STATUS_INVALID);
    assert_non_null(strstr(heard.text, "0x1B"));
    printer_file_driver.destroy(printer);
}

static void test_scanner_socket__takes_codes_and_drops_nonsense(void **state)
{
    (void)state;
    struct heard heard;
    heard_init(&heard);
    char *path = in_folder("scanner.sock");
    struct scanner *scanner;
    struct error error;
    assert_int_equal(
        scanner_socket_driver.create(path, (struct device_sink){hear, &heard}, &scanner, &error),
        STATUS_OK);
    assert_int_equal(scanner_socket_scan(path, "]E05000112637922", &error), STATUS_OK);
    assert_int_equal(heard.scans, 1);
    assert_string_equal(heard.scan, "]E05000112637922");
    assert_int_equal(scanner_socket_scan(path,
                                         "]C101095011\x1D"
                                         "10AB",
                                         &error),
                     STATUS_OK);
    char overlong[SCAN_MAX + 20];
    memset(overlong, '1', sizeof overlong - 1);
    overlong[sizeof overlong - 1] = '\0';
    static const char *const bad[] = {"", "\x1B[2J", "a\x7F", "\xFF\xFE"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(scanner_socket_scan(path, bad[i], &error), STATUS_INVALID);
    assert_int_equal(scanner_socket_scan(path, overlong, &error), STATUS_INVALID);
    scanner_socket_driver.enable(scanner, 0);
    assert_int_equal(scanner_socket_scan(path, "123", &error), STATUS_INVALID);
    scanner_socket_driver.enable(scanner, 1);
    assert_int_equal(scanner_socket_scan(path, "123", &error), STATUS_OK);
    assert_int_equal(heard.scans, 3);
    scanner_socket_driver.destroy(scanner);
    assert_int_equal(scanner_socket_scan(path, "123", &error), STATUS_NOT_FOUND);
    free(path);
}

/* Two codes in one write, one code in two: each line is one scan. */
static void test_scanner_socket__lines_are_codes_however_they_arrive(void **state)
{
    (void)state;
    struct heard heard;
    heard_init(&heard);
    char *path = in_folder("lines.sock");
    struct scanner *scanner;
    struct error error;
    assert_int_equal(
        scanner_socket_driver.create(path, (struct device_sink){hear, &heard}, &scanner, &error),
        STATUS_OK);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    strcpy(address.sun_path, path);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    static const char *const writes[] = {"11", "1\r\n222\n33", "3\n"};
    for (int i = 0; i < 3; i++)
        assert_int_equal(write(fd, writes[i], strlen(writes[i])), strlen(writes[i]));
    char answers[16];
    size_t got = 0;
    while (got < 9) {
        ssize_t length = read(fd, answers + got, sizeof answers - got);
        assert_true(length > 0);
        got += (size_t)length;
    }
    assert_memory_equal(answers, "ok\nok\nok\n", 9);
    assert_int_equal(heard.scans, 3);
    assert_string_equal(heard.scan, "333");
    close(fd);
    scanner_socket_driver.destroy(scanner);
    free(path);
}

/* A printer that does what the test says, and a source of numbered jobs. */
struct bench {
    int64_t accepted;
    int print_calls;
    enum status accept;
    int next_calls, retries;
    int64_t queued; /* jobs 1..queued exist */
    int64_t printed;
    int64_t failed;
};

static struct bench *bench_of_printer;

static enum status bench_print(struct printer *printer, int64_t job, const char *name,
                               const uint8_t *bytes, size_t length, struct error *error)
{
    (void)printer;
    (void)name;
    assert_true(length > 0 && bytes);
    bench_of_printer->print_calls++;
    if (bench_of_printer->accept)
        return error_set(error, bench_of_printer->accept, "no");
    bench_of_printer->accepted = job;
    return STATUS_OK;
}

static enum status bench_next(void *context, struct spool_job *job, bool *found,
                              struct error *error)
{
    (void)error;
    struct bench *bench = context;
    bench->next_calls++;
    *found = bench->printed < bench->queued && bench->failed == 0;
    if (*found) {
        job->id = bench->printed + 1;
        job->document = document_create(DOCUMENT_RECEIPT, "en-GB", "N");
        document_text(job->document, "x", ALIGN_START, false, 1);
    }
    return STATUS_OK;
}

static enum status bench_done(void *context, int64_t job, enum status result, const char *text,
                              struct error *error)
{
    (void)text;
    (void)error;
    struct bench *bench = context;
    if (result)
        bench->failed = job;
    else
        bench->printed = job;
    return STATUS_OK;
}

static enum status bench_retry(void *context, struct error *error)
{
    (void)error;
    struct bench *bench = context;
    bench->failed = 0;
    bench->retries++;
    return STATUS_OK;
}

static const struct printer_driver bench_driver = {.name = "printer:bench", .print = bench_print};

static struct spool *bench_spool(struct bench *bench)
{
    struct spool *spool;
    struct error error;
    struct profile profile = profile_default();
    bench_of_printer = bench;
    assert_int_equal(spool_create(&bench_driver, NULL, &profile,
                                  (struct spool_source){bench_next, bench_done, bench_retry, bench},
                                  &spool, &error),
                     STATUS_OK);
    return spool;
}

static struct device_event printed(int64_t job, enum status result)
{
    return (struct device_event){
        .kind = DEVICE_EVENT_PRINTED, .text = "why", .job = job, .result = result};
}

static void test_spool__prints_one_at_a_time_in_order(void **state)
{
    (void)state;
    struct bench bench = {.queued = 3};
    struct spool *spool = bench_spool(&bench);
    struct error error;
    assert_int_equal(spool_pump(spool, 0, &error), STATUS_OK);
    assert_int_equal(spool_pump(spool, 0, &error), STATUS_OK);
    assert_int_equal(bench.print_calls, 1);
    for (int64_t job = 1; job <= 3; job++) {
        assert_int_equal(bench.accepted, job);
        struct device_event event = printed(job, STATUS_OK);
        assert_int_equal(spool_printed(spool, &event, 0, &error), STATUS_OK);
    }
    assert_int_equal(bench.printed, 3);
    assert_true(spool_is_idle(spool));
    assert_int_equal(spool_due(spool), -1);
    spool_destroy(spool);
}

static void test_spool__tries_again_after_growing_pauses(void **state)
{
    (void)state;
    struct bench bench = {.queued = 1};
    struct spool *spool = bench_spool(&bench);
    struct error error;
    int64_t now = 1000, last_pause = 0;
    assert_int_equal(spool_pump(spool, now, &error), STATUS_OK);
    for (int i = 0; i < 12; i++) {
        struct device_event event = printed(1, STATUS_IO);
        assert_int_equal(spool_printed(spool, &event, now, &error), STATUS_OK);
        int64_t pause = spool_due(spool) - now;
        assert_true(pause >= last_pause && pause <= 60000000);
        last_pause = pause;
        int calls = bench.print_calls;
        assert_int_equal(spool_pump(spool, now + pause - 1, &error), STATUS_OK);
        assert_int_equal(bench.print_calls, calls);
        now += pause;
        assert_int_equal(spool_pump(spool, now, &error), STATUS_OK);
        assert_int_equal(bench.print_calls, calls + 1);
    }
    assert_int_equal(last_pause, 60000000);
    assert_int_equal(bench.retries, 12);
    spool_destroy(spool);
}

static void test_spool__ignores_a_report_that_is_not_its_own(void **state)
{
    (void)state;
    struct bench bench = {.queued = 1};
    struct spool *spool = bench_spool(&bench);
    struct error error;
    assert_int_equal(spool_pump(spool, 0, &error), STATUS_OK);
    struct device_event event = printed(99, STATUS_OK);
    assert_int_equal(spool_printed(spool, &event, 0, &error), STATUS_OK);
    assert_int_equal(bench.printed, 0);
    assert_false(spool_is_idle(spool));
    spool_destroy(spool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_printer_file__reports_a_job_once_it_is_on_disk),
        cmocka_unit_test(test_printer_file__never_overwrites),
        cmocka_unit_test(test_printer_file__says_why_a_job_failed),
        cmocka_unit_test(test_scanner_socket__takes_codes_and_drops_nonsense),
        cmocka_unit_test(test_scanner_socket__lines_are_codes_however_they_arrive),
        cmocka_unit_test(test_spool__prints_one_at_a_time_in_order),
        cmocka_unit_test(test_spool__tries_again_after_growing_pauses),
        cmocka_unit_test(test_spool__ignores_a_report_that_is_not_its_own),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
