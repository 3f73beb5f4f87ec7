/* Which addresses a webhook may reach. */
#include "sync/hooks/deliver.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <string.h>

static bool is_public(const char *text)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};

    if (inet_pton(AF_INET, text, &v4.sin_addr) == 1)
        return deliver_address_public((struct sockaddr *)&v4);
    if (inet_pton(AF_INET6, text, &v6.sin6_addr) != 1)
        fail_msg("%s is no address", text);
    return deliver_address_public((struct sockaddr *)&v6);
}

static void test_deliver__reaches_no_address_of_the_house(void **state)
{
    static const char *const closed[] = {"127.0.0.1",
                                         "127.255.255.255",
                                         "0.0.0.0",
                                         "10.1.2.3",
                                         "172.16.0.1",
                                         "172.31.255.255",
                                         "192.168.0.1",
                                         "169.254.169.254",
                                         "100.64.0.1",
                                         "224.0.0.1",
                                         "255.255.255.255",
                                         "192.0.2.1",
                                         "198.18.0.1",
                                         "240.0.0.1",
                                         "::",
                                         "::1",
                                         "fe80::1",
                                         "fc00::1",
                                         "fd12::1",
                                         "ff02::1",
                                         "::ffff:10.0.0.1",
                                         "::ffff:127.0.0.1",
                                         "2002:7f00:1::",
                                         "2001::1",
                                         "2001:db8::1",
                                         "64:ff9b::7f00:1",
                                         "::127.0.0.1"};
    static const char *const open[] = {"1.1.1.1",    "9.255.255.255",   "11.0.0.1",
                                       "172.32.0.1", "192.169.0.1",     "223.255.255.255",
                                       "2600::1",    "2001:4860::8888", "::ffff:8.8.8.8"};
    struct sockaddr local = {.sa_family = AF_UNIX};

    (void)state;
    for (size_t i = 0; i < sizeof closed / sizeof closed[0]; i++) {
        if (is_public(closed[i]))
            fail_msg("%s would be reached", closed[i]);
    }
    for (size_t i = 0; i < sizeof open / sizeof open[0]; i++) {
        if (!is_public(open[i]))
            fail_msg("%s would not be reached", open[i]);
    }
    assert_false(deliver_address_public(&local));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_deliver__reaches_no_address_of_the_house),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
