/* Who is spoken to: a private authority, certificates that are wrong in each way, a pinned key, a
 * proxy; and the file that says so. The server is OpenSSL's own.
 */
#include "sync/agent/line.h"
#include "sync/agent/transport_curl.h"
#include "terminal/base/file.h"
#include "tests/unit/terminal/base/folder.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* Two authorities; certificates for 127.0.0.1, for another host, and one that has expired. */
static const char make_certificates[] =
    "set -e; cd \"$1\"; exec 2>/dev/null\n"
    "for ca in right wrong; do openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
    " -keyout $ca-ca.key -out $ca-ca.pem -days 30 -subj /CN=$ca; done\n"
    "issue() { openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout $1.key"
    " -out $1.csr -subj /CN=$1; printf 'subjectAltName=%s' $2 > $1.ext;"
    " openssl x509 -req -in $1.csr -CA right-ca.pem -CAkey right-ca.key -CAcreateserial"
    " -out $1.pem -days $3 -extfile $1.ext; }\n"
    "issue good IP:127.0.0.1 10; issue other DNS:elsewhere.example 10; issue old IP:127.0.0.1 -1\n"
    "for name in good other; do printf sha256// > $name.pin; openssl x509 -in $name.pem -pubkey"
    " -noout | openssl pkey -pubin -outform der | openssl dgst -sha256 -binary | openssl base64 |"
    " tr -d '\\n' >> $name.pin; done\n";

static struct folder folder;

static int make_folder(void **state)
{
    pid_t child;
    int result;

    (void)state;
    folder = folder_make();
    child = fork();
    if (child == 0) {
        (void)execlp("sh", "sh", "-c", make_certificates, "sh", folder.path, (char *)NULL);
        _exit(127);
    }
    assert_int_equal(waitpid(child, &result, 0), child);
    return result == 0 ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    folder_remove(&folder);
    return 0;
}

static char *in_folder(const char *name)
{
    return path_join(folder.path, name);
}

static char *pin_of(const char *name)
{
    char *path = in_folder(name);
    struct buf text;
    char *pin;

    buf_init(&text, 4096);
    assert_int_equal(file_read(path, &text, NULL), STATUS_OK);
    pin = mem_copy_text(buf_text(&text));
    buf_finish(&text);
    free(path);
    return pin;
}

struct server {
    pid_t child;
    FILE *out;
    char url[64];
};

/* openssl s_server says "ACCEPT 127.0.0.1:PORT" when it listens. */
static void serve(struct server *server, const char *name)
{
    char certificate[64], key[64], line[256];
    int pipes[2];

    (void)snprintf(certificate, sizeof certificate, "%s.pem", name);
    (void)snprintf(key, sizeof key, "%s.key", name);
    assert_int_equal(pipe(pipes), 0);
    server->child = fork();
    if (server->child == 0) {
        (void)!chdir(folder.path);
        (void)dup2(pipes[1], 1);
        (void)execlp("openssl", "openssl", "s_server", "-accept", "127.0.0.1:0", "-cert",
                     certificate, "-key", key, "-www", (char *)NULL);
        _exit(127);
    }
    (void)close(pipes[1]);
    server->out = fdopen(pipes[0], "r");
    do {
        assert_non_null(fgets(line, sizeof line, server->out));
    } while (strncmp(line, "ACCEPT ", 7) != 0);
    line[strcspn(line, "\r\n")] = '\0';
    (void)snprintf(server->url, sizeof server->url, "https://%.40s", line + 7);
}

static void stop(struct server *server)
{
    (void)kill(server->child, SIGKILL);
    (void)waitpid(server->child, NULL, 0);
    (void)fclose(server->out);
}

/* One request; `words` is what stands in the reason, NULL when there is an answer. */
static void expect(const char *url, const struct line *line, const char *words)
{
    struct transport_curl *curl = transport_curl_create(url, line);
    struct transport transport = transport_curl_as_transport(curl);
    struct transport_request request = {.call = 1, .method = "GET", .path = "/", .query = ""};
    struct agent_event event;

    transport.send(transport.context, &request);
    do {
        while (!transport_curl_next(curl, &event))
            transport_curl_wait(curl, 10000, NULL, 0);
    } while (event.kind == AGENT_PROGRESS);
    if (!words && event.kind != AGENT_ANSWERED)
        fail_msg("no answer: %s", event.why);
    if (words && event.kind == AGENT_ANSWERED)
        fail_msg("answered, without \"%s\"", words);
    if (words && !strstr(event.why, words))
        fail_msg("\"%s\" says nothing of \"%s\"", event.why, words);
    transport_curl_destroy(curl);
}

static void test_line__only_the_right_certificate_is_taken(void **state)
{
    struct line right = {.ca = in_folder("right-ca.pem")};
    struct line wrong = {.ca = in_folder("wrong-ca.pem")};
    struct line none = {.ca = in_folder("no-such-file.pem")};
    struct server server;

    (void)state;
    serve(&server, "good");
    expect(server.url, &right, NULL);
    expect(server.url, &wrong, "not to be trusted");
    expect(server.url, NULL, "not to be trusted");
    expect(server.url, &none, "file of trusted certificates");
    stop(&server);
    serve(&server, "other");
    expect(server.url, &right, "not to be trusted");
    stop(&server);
    serve(&server, "old");
    expect(server.url, &right, "expired");
    stop(&server);
    line_finish(&right);
    line_finish(&wrong);
    line_finish(&none);
}

static void test_line__a_pinned_key_is_the_only_one(void **state)
{
    struct line line = {.ca = in_folder("right-ca.pem"), .pin = pin_of("good.pin")};
    char *other = pin_of("other.pin");
    char both[256];
    struct server server;

    (void)state;
    serve(&server, "good");
    expect(server.url, &line, NULL);
    (void)snprintf(both, sizeof both, "%s;%s", other, line.pin);
    free(line.pin);
    line.pin = mem_copy_text(both);
    assert_int_equal(line_check(&line, NULL), STATUS_OK);
    expect(server.url, &line, NULL);
    free(line.pin);
    line.pin = other;
    expect(server.url, &line, "not the one that was pinned");
    stop(&server);
    line_finish(&line);
}

static void test_line__a_proxy_that_is_not_there(void **state)
{
    struct line line = {.proxy = mem_copy_text("http://127.0.0.1:1")};
    struct line unknown = {.proxy = mem_copy_text("http://proxy.invalid:1")};

    (void)state;
    expect("https://127.0.0.1:2", &line, "127.0.0.1 port 1");
    expect("https://127.0.0.1:2", &unknown, "proxy's name");
    line_finish(&line);
    line_finish(&unknown);
}

static void test_line__is_kept_in_the_folder(void **state)
{
    struct line line = {.ca = in_folder("right-ca.pem"),
                        .pin = pin_of("good.pin"),
                        .proxy = mem_copy_text("http://user:word@proxy:3128")};
    struct line read;
    struct error error;
    char *path = in_folder(LINE_FILE);

    (void)state;
    assert_int_equal(line_write(folder.path, &line, &error), STATUS_OK);
    assert_int_equal(line_read(folder.path, &read, &error), STATUS_OK);
    assert_string_equal(read.pin, line.pin);
    assert_string_equal(read.proxy, line.proxy);
    assert_non_null(strstr(read.ca, LINE_CA_FILE));
    line_finish(&read);
    free(line.pin);
    line.pin = mem_copy_text("sha256//short");
    assert_int_equal(line_write(folder.path, &line, &error), STATUS_INVALID);
    assert_int_equal(file_write_durable(path, "{\"v\":1,\"tls_pin\":\"x\"}", 21, 0600, &error),
                     STATUS_OK);
    assert_int_equal(line_read(folder.path, &read, &error), STATUS_INVALID);
    line_finish(&read);
    line_finish(&line);
    free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_line__only_the_right_certificate_is_taken),
        cmocka_unit_test(test_line__a_pinned_key_is_the_only_one),
        cmocka_unit_test(test_line__a_proxy_that_is_not_there),
        cmocka_unit_test(test_line__is_kept_in_the_folder),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
