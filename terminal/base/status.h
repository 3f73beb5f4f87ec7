/* What every function that can fail returns, and the one line that says why.
 *
 * A function that touches the world outside (file, network, database, parsed bytes) also fills a
 * `struct error` when it fails. Its text is one line, in English, for logs and terminals; it never
 * holds a PIN, a token or personal data. What a cashier reads is translated elsewhere.
 */
#ifndef HOLDFAST_BASE_STATUS_H
#define HOLDFAST_BASE_STATUS_H

#define MUST_USE                 __attribute__((warn_unused_result))
#define PRINTF_LIKE(text, first) __attribute__((format(printf, text, first)))

enum status {
    STATUS_OK = 0,
    STATUS_INVALID,     /* bytes or arguments from outside break their rules */
    STATUS_RANGE,       /* a number does not fit, or a ceiling was reached */
    STATUS_NOT_FOUND,   /* the thing asked for is not there */
    STATUS_EXISTS,      /* it is there already */
    STATUS_BUSY,        /* another process or transaction holds it; try again later */
    STATUS_DENIED,      /* not allowed: role, token, signature, file permission */
    STATUS_CONFLICT,    /* the other side knows something different */
    STATUS_CORRUPT,     /* stored data breaks its own rules */
    STATUS_FULL,        /* disk full */
    STATUS_IO,          /* the disk or device failed */
    STATUS_NETWORK,     /* the network or the far side failed */
    STATUS_TIMEOUT,     /* a deadline passed */
    STATUS_UNSUPPORTED, /* a version or feature this program does not know */
    STATUS_CANCELLED    /* given up on request */
};

/* The name without its prefix, in lower case: "not_found". Static text. */
const char *status_name(enum status status);

struct error {
    enum status status;
    char text[384]; /* NUL-terminated, cut at a character boundary, never holds a newline */
};

/* Fills *error (which may be NULL) and returns `status`, so that a caller writes
 * `return error_set(error, STATUS_INVALID, "line %d: %s", n, why);`. */
enum status error_set(struct error *error, enum status status, const char *format, ...)
    PRINTF_LIKE(3, 4);

/* Puts "prefix: " before the text that is there; returns error->status. error may not be NULL. */
enum status error_prefix(struct error *error, const char *format, ...) PRINTF_LIKE(2, 3);

/* Stops the program with file, line and text: a broken invariant where money or stock is
 * concerned. Active in every build. */
#define INVARIANT(condition)                                                                       \
    ((condition) ? (void)0 : invariant_failed(#condition, __FILE__, __LINE__))

_Noreturn void invariant_failed(const char *condition, const char *file, int line);

#ifdef __clang_analyzer__
/* The analyzer does not see into status.c: without this it follows failures that return
 * STATUS_OK. */
static inline enum status error_set_returns(enum status same, enum status status)
{
    (void)same;
    return status;
}
#define error_set(error, status, ...)                                                              \
    error_set_returns((error_set)(error, status, __VA_ARGS__), status)
#endif

#endif
