/* A till that sells in a loop and "prints" (reports after the commit) is killed a hundred times at
 * random instants. Nothing printed may be missing, no number may be used twice, the chain verifies,
 * and the open cart is back as it was reported, or one step further.
 *
 * The till runs as a process of its own (this program again, with an argument): SIGKILL takes it
 * wherever it is.
 */
#include "tests/unit/support/desk.h"

#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define KILLS      100
#define NUMBERS    100000
#define SALE_LINES 3

static const char *const sold[SALE_LINES] = {"5018374350015", "CANDLE", "TEA"};

/* ---- the till that is killed ------------------------------------------------------------------
 */

static void say(const char *format, ...)
{
    char line[96];
    va_list arguments;

    va_start(arguments, format);
    int length = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    if (write(STDOUT_FILENO, line, (size_t)length) != length)
        _exit(3);
}

static void must(enum status status, const struct error *error)
{
    if (status == STATUS_OK)
        return;
    fprintf(stderr, "child: %s: %s\n", status_name(status), error->text);
    _exit(2);
}

static void child_sign_in(struct till *till, struct error *error)
{
    struct pin_check check;
    struct till_status status;

    must(till_pin_begin(till, "M1", "2222", &check, error), error);
    pin_check_run(&check);
    must(till_sign_in(till, &check, error), error);
    till_status(till, &status);
    if (!status.shift_open)
        must(till_shift_open(till, (struct money){0}, error), error);
}

static void child_sale(struct till *till, struct error *error)
{
    struct scan_result scan;
    struct sale_result result;

    for (int i = till_cart(till)->count; i < SALE_LINES; i++) {
        must(till_scan(till, sold[i], SYMBOLOGY_UNKNOWN, &scan, error), error);
        say("C %d\n", till_cart(till)->count);
    }
    if (!till_cart(till)->covered)
        must(till_tender_cash(till, (struct money){2000}, error), error);
    must(till_sale_commit(till, &result, error), error);
    say("P %s\n", result.receipt);
}

_Noreturn static void child(const char *folder)
{
    struct till_options options = {.folder = folder,
                                   .program = "child",
                                   .mode = TILL_WRITER,
                                   .clock = clock_system(),
                                   .entropy = entropy_system()};
    struct error error = {0};
    struct till *till;

    must(till_open(&options, &till, &error), &error);
    child_sign_in(till, &error);
    say("R 0\n");
    for (int i = 0;; i++) {
        child_sale(till, &error);
        if (i % 5 == 0)
            till_idle(till);
    }
}

/* ---- the one who kills --------------------------------------------------------------------------
 */

struct watch {
    struct desk *desk;
    char (*printed)[TILL_RECEIPT_SIZE];
    int printed_count;
    int last_count; /* lines of the cart as last reported */
};

static void take_line(struct watch *watch, const char *line)
{
    if (line[0] == 'P') {
        assert_true(watch->printed_count < NUMBERS);
        snprintf(watch->printed[watch->printed_count++], TILL_RECEIPT_SIZE, "%s", line + 2);
        watch->last_count = 0;
    } else if (line[0] == 'C') {
        watch->last_count = atoi(line + 2);
    }
}

static pid_t start_child(const struct watch *watch, int *fd)
{
    int ends[2];
    pid_t pid;

    assert_int_equal(pipe(ends), 0);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        (void)dup2(ends[1], STDOUT_FILENO);
        (void)close(ends[0]);
        (void)close(ends[1]);
        execl("/proc/self/exe", "till", "child", watch->desk->store.folder, (char *)NULL);
        _exit(4);
    }
    (void)close(ends[1]);
    *fd = ends[0];
    return pid;
}

/* Lets it get some random way, counted in what it reports, and a random moment further; kills it.
 */
static void run_and_kill(struct watch *watch, unsigned *chance)
{
    struct timespec moment = {.tv_nsec = (long)(rand_r(chance) % 2000000)};
    int reports = rand_r(chance) % 40;
    char line[128];
    int fd, how;
    pid_t pid = start_child(watch, &fd);
    FILE *lines = fdopen(fd, "r");

    for (int i = 0; i <= reports && fgets(line, sizeof line, lines) != NULL; i++) {
        line[strcspn(line, "\n")] = '\0';
        take_line(watch, line);
    }
    (void)nanosleep(&moment, NULL);
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, &how, 0), pid);
    assert_true(WIFSIGNALED(how));
    while (fgets(line, sizeof line, lines) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        take_line(watch, line);
    }
    fclose(lines);
}

static void check_cart(struct watch *watch)
{
    int count = till_cart(watch->desk->till)->count;
    int next = (watch->last_count + 1) % (SALE_LINES + 1);

    if (count != watch->last_count && count != next)
        fail_msg("the cart has %d lines, %d were reported", count, watch->last_count);
    watch->last_count = count;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void check_printed(struct watch *watch, int from)
{
    for (int i = from; i < watch->printed_count; i++) {
        struct receipt_view receipt[2];
        int count;

        desk_ok(watch->desk, till_receipts(watch->desk->till, watch->printed[i], 0, receipt, 2,
                                           &count, &watch->desk->error));
        if (count != 1)
            fail_msg("%s was printed and is there %d times", watch->printed[i], count);
    }
}

static void test_till__killed_a_hundred_times_loses_nothing(void **state)
{
    struct desk *desk = *state;
    struct watch watch = {.desk = desk, .printed = calloc(NUMBERS, TILL_RECEIPT_SIZE)};
    unsigned chance = 20261121;

    for (int round = 0; round < KILLS; round++) {
        int from = watch.printed_count;

        run_and_kill(&watch, &chance);
        desk_open(desk);
        check_cart(&watch);
        check_printed(&watch, from);
        if (round % 10 == 9)
            desk_verify(desk);
        till_close(desk->till);
        desk->till = NULL;
    }
    assert_true(watch.printed_count > KILLS);
    qsort(watch.printed, (size_t)watch.printed_count, TILL_RECEIPT_SIZE, by_text);
    for (int i = 1; i < watch.printed_count; i++)
        assert_string_not_equal(watch.printed[i - 1], watch.printed[i]);
    desk_open(desk);
    desk_verify(desk);
    print_message("%d sales printed over %d kills\n", watch.printed_count, KILLS);
    free(watch.printed);
}

static int make(void **state)
{
    struct desk *desk = calloc(1, sizeof *desk);

    desk->seed = 1;
    store_make(&desk->store, NULL);
    *state = desk;
    return 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_till__killed_a_hundred_times_loses_nothing, make,
                                        desk_remove),
    };

    if (argc == 3 && strcmp(argv[1], "child") == 0)
        child(argv[2]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
