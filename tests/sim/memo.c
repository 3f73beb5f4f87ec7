/* Signatures that this process made are not computed again to be checked: a third of a seed's time
 * would go into that. Linked in the place of two functions of terminal/base/crypto.h (--wrap); a
 * signature that was not made here, or of other bytes or another key, is checked as ever.
 */
#include "terminal/base/buf.h"
#include "terminal/base/crypto.h"
#include "tests/sim/trace.h"

#include <stdlib.h>

#define SECOND_START UINT64_C(0x9E3779B97F4A7C15)

struct mark {
    uint64_t a, b;
};

static struct {
    struct mark *marks; /* open addressing; {0, 0} is free */
    size_t count, room;
} made;

struct signature real_sign_bytes(const void *bytes, size_t length,
                                 const struct secret_key *key) __asm__("__real_sign_bytes");
bool real_signature_valid(const struct signature *signature, const void *bytes, size_t length,
                          const struct public_key *key) __asm__("__real_signature_valid");
struct signature our_sign_bytes(const void *bytes, size_t length,
                                const struct secret_key *key) __asm__("__wrap_sign_bytes");
bool our_signature_valid(const struct signature *signature, const void *bytes, size_t length,
                         const struct public_key *key) __asm__("__wrap_signature_valid");

static struct mark mark_of(const struct signature *signature, const void *bytes, size_t length,
                           const void *public_key)
{
    struct hash content = hash_bytes(bytes, length);
    struct mark mark = {TRACE_START, SECOND_START};

    mark.a = trace_bytes(mark.a, signature->bytes, SIGNATURE_SIZE);
    mark.a = trace_bytes(mark.a, content.bytes, HASH_SIZE);
    mark.b = trace_bytes(mark.b, content.bytes, HASH_SIZE);
    mark.b = trace_bytes(mark.b, public_key, PUBLIC_KEY_SIZE);
    return mark;
}

static struct mark *place_of(struct mark mark)
{
    size_t at = (size_t)mark.a & (made.room - 1);

    while ((made.marks[at].a != 0 || made.marks[at].b != 0) &&
           (made.marks[at].a != mark.a || made.marks[at].b != mark.b))
        at = (at + 1) & (made.room - 1);
    return &made.marks[at];
}

static void grow(void)
{
    struct mark *old = made.marks;
    size_t count = made.room;

    made.room = made.room == 0 ? 4096 : 2 * made.room;
    made.marks = mem_alloc(made.room * sizeof *made.marks);
    for (size_t i = 0; i < count; i++) {
        if (old[i].a != 0 || old[i].b != 0)
            *place_of(old[i]) = old[i];
    }
    free(old);
}

struct signature our_sign_bytes(const void *bytes, size_t length, const struct secret_key *key)
{
    struct signature signature = real_sign_bytes(bytes, length, key);
    /* libsodium keeps the public half behind the secret one. */
    struct mark mark =
        mark_of(&signature, bytes, length, key->bytes + SECRET_KEY_SIZE - PUBLIC_KEY_SIZE);

    if (2 * (made.count + 1) > made.room)
        grow();
    *place_of(mark) = mark;
    made.count++;
    return signature;
}

bool our_signature_valid(const struct signature *signature, const void *bytes, size_t length,
                         const struct public_key *key)
{
    struct mark mark = mark_of(signature, bytes, length, key->bytes);
    const struct mark *found = made.room == 0 ? NULL : place_of(mark);

    if (found != NULL && found->a == mark.a && found->b == mark.b)
        return true;
    return real_signature_valid(signature, bytes, length, key);
}
