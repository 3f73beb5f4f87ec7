/* Folding. What a character becomes is asked of ICU once and remembered in pages of 256:
 *
 *   pages[character >> 8] ──► 256 x { kind, length, bytes }        é  WORD      "e"
 *                                                                   ß  WORD      "ss"
 *                                                                   '  JOINER
 *                                                                   可 SPACELESS "可"
 *
 * A text runs through as a row of pieces; `struct maker` makes words of them.
 */
#include "terminal/catalogue/fold.h"

#include "terminal/base/text.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/uscript.h>
#include <unicode/ustring.h>

#define PAGE_COUNT    (0x110000 / 256)
#define FOLDED_MAX    14 /* bytes that one character may fold to; what is longer is cut */
#define FOLD_RUN_MAX  8  /* characters of a word of a script without spaces */
#define RUN_BYTES_MAX 1024

enum kind {
    KIND_UNKNOWN,   /* ICU has not been asked yet */
    KIND_SEPARATOR, /* ends a word */
    KIND_JOINER,    /* ends a word, but people leave it out too */
    KIND_IGNORED,   /* marks, format characters: as if not there */
    KIND_WORD,
    KIND_SPACELESS, /* a letter of a script that writes no spaces */
    KIND_MIXED      /* "1月" out of one sign: to be taken letter by letter */
};

struct entry {
    uint8_t kind;
    uint8_t length;
    char bytes[FOLDED_MAX];
};

struct fold {
    const UNormalizer2 *nfkd;
    struct entry *pages[PAGE_COUNT];
};

struct fold *fold_create(void)
{
    struct fold *fold = mem_alloc(sizeof *fold);
    UErrorCode error = U_ZERO_ERROR;
    fold->nfkd = unorm2_getNFKDInstance(&error);
    INVARIANT(U_SUCCESS(error));
    return fold;
}

void fold_destroy(struct fold *fold)
{
    if (fold == NULL)
        return;
    for (size_t i = 0; i < PAGE_COUNT; i++)
        free(fold->pages[i]);
    free(fold);
}

/* --- One character --- */

/* Letters that Unicode does not decompose, as people type them who lack the key. */
static const char *spelled_out(UChar32 c)
{
    switch (c) {
    case 0x00E6: /* æ */
        return "ae";
    case 0x0153: /* œ */
        return "oe";
    case 0x00FE: /* þ */
        return "th";
    case 0x00F8: /* ø */
        return "o";
    case 0x0142: /* ł */
        return "l";
    case 0x0111: /* đ */
    case 0x00F0: /* ð */
        return "d";
    case 0x0131: /* ı */
        return "i";
    case 0x0127: /* ħ */
        return "h";
    case 0x0167: /* ŧ */
        return "t";
    default:
        return NULL;
    }
}

static UScriptCode script_of(UChar32 c)
{
    UErrorCode error = U_ZERO_ERROR;
    UScriptCode script = uscript_getScript(c, &error);
    return U_SUCCESS(error) ? script : USCRIPT_UNKNOWN;
}

/* Accents, vowel points and format characters go. The marks of Indic and Thai vowels are letters to
 * a reader and stay, and so does the voicing of kana, which Unicode counts as an accent. */
static bool is_dropped(UChar32 c)
{
    int8_t type = u_charType(c);
    if (type == U_FORMAT_CHAR || c == 0x0640) /* tatweel only stretches */
        return true;
    if (type != U_NON_SPACING_MARK && type != U_ENCLOSING_MARK)
        return false;
    if (c == 0x3099 || c == 0x309A)
        return false;
    switch (script_of(c)) {
    case USCRIPT_INHERITED:
    case USCRIPT_COMMON:
    case USCRIPT_ARABIC:
    case USCRIPT_HEBREW:
    case USCRIPT_SYRIAC:
    case USCRIPT_CYRILLIC:
    case USCRIPT_GREEK:
    case USCRIPT_LATIN:
        return true;
    default:
        return false;
    }
}

static bool is_word_character(UChar32 c)
{
    return u_isalnum(c) || (U_MASK(u_charType(c)) & U_GC_M_MASK) != 0;
}

static bool is_spaceless(UChar32 c)
{
    if (c == 0x30FC || c == 0x3005 || c == 0x3099 || c == 0x309A)
        return true;
    switch (script_of(c)) {
    case USCRIPT_HAN:
    case USCRIPT_HIRAGANA:
    case USCRIPT_KATAKANA:
    case USCRIPT_THAI:
    case USCRIPT_LAO:
    case USCRIPT_KHMER:
    case USCRIPT_MYANMAR:
        return true;
    default:
        return false;
    }
}

static bool is_joiner(UChar32 c)
{
    switch (c) {
    case '\'':
    case '-':
    case '&':
    case 0x2010: /* hyphen */
    case 0x2011: /* non-breaking hyphen */
    case 0x2019: /* right single quotation mark, the printed apostrophe */
    case 0x02BC: /* modifier letter apostrophe */
        return true;
    default:
        return false;
    }
}

static void entry_add(struct entry *entry, const char *bytes, size_t length)
{
    if (entry->length + length > FOLDED_MAX)
        return;
    memcpy(entry->bytes + entry->length, bytes, length);
    entry->length = (uint8_t)(entry->length + length);
}

static void entry_add_character(struct entry *entry, UChar32 c)
{
    const char *spelled = spelled_out(c);
    if (spelled != NULL) {
        entry_add(entry, spelled, strlen(spelled));
        return;
    }
    if (is_dropped(c) || is_joiner(c) || !is_word_character(c))
        return;
    struct buf bytes;
    buf_init(&bytes, 8);
    if (text_append_char(&bytes, (uint32_t)c) == STATUS_OK)
        entry_add(entry, bytes.data, bytes.used);
    buf_finish(&bytes);
}

/* Decomposed, case folded, and decomposed again: folding can compose ("ŉ" gives an apostrophe). */
static int32_t decompose(const struct fold *fold, UChar32 c, UChar out[64])
{
    UErrorCode error = U_ZERO_ERROR;
    UChar first[64], folded[64];
    int32_t length = 0;
    U16_APPEND_UNSAFE(first, length, c);
    UChar plain[64];
    length = unorm2_normalize(fold->nfkd, first, length, plain, 64, &error);
    length = u_strFoldCase(folded, 64, plain, length, U_FOLD_CASE_DEFAULT, &error);
    length = unorm2_normalize(fold->nfkd, folded, length, out, 64, &error);
    return U_SUCCESS(error) ? length : 0;
}

static uint8_t kind_of_letters(const struct entry *entry)
{
    size_t at = 0, letters = 0, spaceless = 0;
    for (; at < entry->length; letters++)
        spaceless += is_spaceless((UChar32)text_next(entry->bytes, entry->length, &at));
    if (letters == 0)
        return KIND_SEPARATOR;
    return spaceless == 0 ? KIND_WORD : spaceless == letters ? KIND_SPACELESS : KIND_MIXED;
}

static void learn(const struct fold *fold, UChar32 c, struct entry *entry)
{
    entry->kind = KIND_SEPARATOR;
    if (is_joiner(c)) {
        entry->kind = KIND_JOINER;
        return;
    }
    if (is_dropped(c)) {
        entry->kind = KIND_IGNORED;
        return;
    }
    UChar text[64];
    int32_t length = decompose(fold, c, text);
    for (int32_t i = 0; i < length; i++) {
        UChar32 part = text[i];
        if (part >= 0xD800 && part < 0xDC00 && i + 1 < length)
            part = ((part - 0xD800) << 10) + (text[++i] - 0xDC00) + 0x10000;
        entry_add_character(entry, part);
    }
    entry->kind = kind_of_letters(entry);
}

static const struct entry *entry_of(struct fold *fold, uint32_t c)
{
    struct entry **page = &fold->pages[c >> 8];
    if (*page == NULL)
        *page = mem_alloc(256 * sizeof(struct entry));
    struct entry *entry = *page + (c & 0xFF);
    if (entry->kind == KIND_UNKNOWN)
        learn(fold, (UChar32)c, entry);
    return entry;
}

/* --- Words --- */

struct maker {
    struct fold *fold;
    struct buf *out;
    bool index;     /* with joined words and the ends of runs */
    bool first;     /* nothing was written yet */
    bool spaceless; /* of the word being made */
    size_t length;  /* of `word` */
    size_t joined;  /* of `joint` */
    int parts;      /* words in `joint` */
    char word[RUN_BYTES_MAX];
    char joint[RUN_BYTES_MAX];
};

static size_t character_length(const char *text, size_t length)
{
    size_t at = 1;
    while (at < length && ((uint8_t)text[at] & 0xC0) == 0x80)
        at++;
    return at;
}

/* Bytes of the first `count` characters. */
static size_t head_length(const char *text, size_t length, size_t count)
{
    size_t at = 0;
    while (at < length && count-- > 0)
        at += character_length(text + at, length - at);
    return at;
}

static enum status write_word(struct maker *maker, const char *word, size_t length)
{
    enum status status = STATUS_OK;
    if (!maker->first)
        status = buf_append_byte(maker->out, ' ');
    maker->first = false;
    return status == STATUS_OK ? buf_append(maker->out, word, length) : status;
}

/* A run without spaces: for the index what begins at each of its characters, for a query one piece
 * after the other. */
static enum status write_run(struct maker *maker)
{
    enum status status = STATUS_OK;
    size_t at = 0;
    while (at < maker->length && status == STATUS_OK) {
        const char *rest = maker->word + at;
        size_t piece = head_length(rest, maker->length - at, FOLD_RUN_MAX);
        status = write_word(maker, rest, piece);
        at += maker->index ? character_length(rest, maker->length - at) : piece;
    }
    return status;
}

static enum status end_word(struct maker *maker)
{
    if (maker->length == 0)
        return STATUS_OK;
    enum status status;
    if (maker->spaceless) {
        status = write_run(maker);
        maker->parts = 0;
        maker->joined = 0;
    } else {
        status =
            write_word(maker, maker->word, head_length(maker->word, maker->length, FOLD_WORD_MAX));
        if (maker->joined + maker->length <= sizeof maker->joint) {
            memcpy(maker->joint + maker->joined, maker->word, maker->length);
            maker->joined += maker->length;
            maker->parts++;
        }
    }
    maker->length = 0;
    return status;
}

static enum status end_joint(struct maker *maker)
{
    enum status status = STATUS_OK;
    if (maker->index && maker->parts > 1)
        status = write_word(maker, maker->joint,
                            head_length(maker->joint, maker->joined, FOLD_WORD_MAX));
    maker->parts = 0;
    maker->joined = 0;
    return status;
}

static enum status take_letters(struct maker *maker, const struct entry *entry)
{
    bool spaceless = entry->kind == KIND_SPACELESS;
    enum status status = STATUS_OK;
    if (maker->length > 0 && maker->spaceless != spaceless)
        status = end_word(maker);
    maker->spaceless = spaceless;
    if (maker->length + entry->length <= sizeof maker->word) {
        memcpy(maker->word + maker->length, entry->bytes, entry->length);
        maker->length += entry->length;
    }
    return status;
}

static enum status take_entry(struct maker *maker, const struct entry *entry)
{
    enum status status = STATUS_OK;
    switch (entry->kind) {
    case KIND_IGNORED:
        return STATUS_OK;
    case KIND_JOINER:
        return end_word(maker);
    case KIND_WORD:
    case KIND_SPACELESS:
        return take_letters(maker, entry);
    case KIND_MIXED:
        for (size_t at = 0; at < entry->length && status == STATUS_OK;) {
            uint32_t letter = text_next(entry->bytes, entry->length, &at);
            const struct entry *part = entry_of(maker->fold, letter);
            status = part->kind == KIND_MIXED ? STATUS_OK : take_entry(maker, part);
        }
        return status;
    default:
        status = end_word(maker);
        return status == STATUS_OK ? end_joint(maker) : status;
    }
}

static enum status fold_text(struct fold *fold, const char *text, size_t length, bool index,
                             struct buf *out)
{
    struct maker maker;
    maker.fold = fold;
    maker.out = out;
    maker.index = index;
    maker.first = true;
    maker.spaceless = false;
    maker.length = maker.joined = 0;
    maker.parts = 0;
    enum status status = STATUS_OK;
    for (size_t at = 0; at < length && status == STATUS_OK;)
        status = take_entry(&maker, entry_of(fold, text_next(text, length, &at)));
    if (status == STATUS_OK)
        status = end_word(&maker);
    return status == STATUS_OK ? end_joint(&maker) : status;
}

enum status fold_words(struct fold *fold, const char *text, size_t length, struct buf *out)
{
    return fold_text(fold, text, length, false, out);
}

enum status fold_index_words(struct fold *fold, const char *text, size_t length, struct buf *out)
{
    return fold_text(fold, text, length, true, out);
}
