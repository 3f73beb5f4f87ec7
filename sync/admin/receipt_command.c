/* A receipt of a till again, as text, as a picture or as the very bytes for a printer; and scanning
 * into a running till.
 */
#include "drivers/escpos.h"
#include "drivers/paper.h"
#include "drivers/scanner_socket.h"
#include "drivers/text_form.h"
#include "sync/admin/commands.h"
#include "sync/admin/wake.h"
#include "terminal/base/file.h"
#include "terminal/till_day.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TEXT_COLUMNS = 48, PAPER_MARGIN = 24 };

static enum status as_printer_bytes(const struct document *document, struct buf *out,
                                    struct error *error)
{
    struct type *type;
    struct profile profile = profile_default();
    enum status status = type_create(&type, error);
    if (status)
        return status;
    status = escpos_write(document, &profile, type, 0, out, error);
    type_destroy(type);
    return status;
}

static enum status as_picture(const struct document *document, struct buf *out, struct error *error)
{
    struct buf bytes;
    struct paper paper;
    struct type *type = NULL;
    buf_init(&bytes, ESCPOS_BYTES_MAX);
    paper_init(&paper, profile_default().width_dots);
    enum status status = as_printer_bytes(document, &bytes, error);
    if (!status)
        status = type_create(&type, error);
    if (!status)
        status = paper_print(&paper, type, (const uint8_t *)bytes.data, bytes.used, error);
    if (!status)
        status = bitmap_png(&paper.dots, PAPER_MARGIN, out, error);
    type_destroy(type);
    paper_finish(&paper);
    buf_finish(&bytes);
    return status;
}

static enum status write_out(const struct buf *bytes, const char *path, bool binary,
                             struct error *error)
{
    if (path)
        return file_write_durable(path, bytes->data, bytes->used, 0644, error);
    if (binary && isatty(STDOUT_FILENO))
        return error_set(error, STATUS_INVALID,
                         "these bytes are not for a terminal: give --output FILE");
    if (fwrite(bytes->data, 1, bytes->used, stdout) != bytes->used || fflush(stdout) != 0)
        return error_set(error, STATUS_IO, "the receipt could not be written");
    return STATUS_OK;
}

enum status command_receipt(const struct options *options, const char *const *arguments, int count,
                            struct error *error)
{
    const char *data, *format = options_get(options, "format");
    enum status status;
    if ((status = options_check(options, "data format output", error)) ||
        (status = options_want(options, "data", &data, error)))
        return status;
    if (count != 1)
        return error_set(error, STATUS_INVALID, "say which receipt, by its number");
    if (!format)
        format = "text";
    if (strcmp(format, "text") != 0 && strcmp(format, "png") != 0 && strcmp(format, "escpos") != 0)
        return error_set(error, STATUS_INVALID, "--format is text, png or escpos");

    struct till *till = NULL;
    struct document *document = NULL;
    struct till_options how = {.folder = data,
                               .program = "holdfast-admin",
                               .mode = TILL_READER,
                               .clock = clock_system(),
                               .entropy = entropy_system()};
    struct buf out;
    buf_init(&out, (size_t)32 << 20);
    struct db *journal = NULL;
    status = open_at_rest(data, "till.db", "till.db", &journal, error);
    db_close(journal);
    if (!status)
        status = till_open(&how, &till, error);
    if (!status) {
        status = till_receipt(till, arguments[0], &document, error);
        if (status == STATUS_NOT_FOUND)
            error_set(error, status, "this till has no receipt %s", arguments[0]);
    }
    if (!status && strcmp(format, "png") == 0)
        status = as_picture(document, &out, error);
    else if (!status && strcmp(format, "escpos") == 0)
        status = as_printer_bytes(document, &out, error);
    else if (!status && (status = text_form_write(document, TEXT_COLUMNS, &out)))
        error_set(error, status, "the receipt is too long");
    if (!status)
        status =
            write_out(&out, options_get(options, "output"), strcmp(format, "text") != 0, error);
    document_destroy(document);
    till_close(till);
    buf_finish(&out);
    return status;
}

enum status command_scan(const struct options *options, const char *const *arguments, int count,
                         struct error *error)
{
    const char *data;
    enum status status;
    if ((status = options_check(options, "data", error)) ||
        (status = options_want(options, "data", &data, error)))
        return status;
    if (count != 1)
        return error_set(error, STATUS_INVALID, "say which code");
    char *path = path_join(data, "scanner.sock");
    status = scanner_socket_scan(path, arguments[0], error);
    free(path);
    return status;
}
