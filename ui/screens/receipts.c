/* Receipts of this till: find one, read it as it was printed, print it again, take goods back. */
#include "terminal/base/buf.h"
#include "ui/screens/screens.h"

#include <qrencode.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void load(struct desk *desk)
{
    struct receipts_state *state = &desk->receipts;

    state->stale = false;
    if (till_receipts(desk->till, state->typed, 0, state->rows, RECEIPTS_SHOWN, &state->count,
                      NULL) != STATUS_OK) {
        state->count = 0;
    }
    if (!*state->chosen && state->count > 0) {
        memcpy(state->chosen, state->rows[0].receipt, sizeof state->chosen);
    }
    document_destroy(state->document);
    state->document = NULL;
    if (*state->chosen) {
        struct error error = {0};
        desk_paper_begin(desk);
        enum status status = till_receipt(desk->till, state->chosen, &state->document, &error);
        desk_paper_end(desk);
        if (status != STATUS_OK) {
            state->document = NULL;
        }
    }
}

static void rows(struct desk *desk)
{
    struct ui *ui = desk->ui;
    struct receipts_state *state = &desk->receipts;

    ui_list_begin(ui, "receipts",
                  &(struct ui_list){.key = "Ctrl+T",
                                    .label = tr("Receipts"),
                                    .empty = tr("No receipt has this number.")});
    for (int i = 0; i < state->count; i++) {
        const struct receipt_view *row = &state->rows[i];
        if (ui_item(ui, ui_id(ui, "receipt/%s", row->receipt),
                    &(struct ui_item){.label = row->receipt,
                                      .value = desk_money(desk, row->total),
                                      .selected = strcmp(row->receipt, state->chosen) == 0})) {
            memcpy(state->chosen, row->receipt, sizeof state->chosen);
            state->stale = true;
        }
        ui_gap(ui, 1);
        ui_column(ui, (struct ui_box){.weight = 1, .justify = UI_CENTER});
        ui_text(ui, desk_code(desk, row->receipt),
                (struct ui_text){.style = TEXT_STRONG, .may_cut = true});
        ui_text(ui,
                row->is_return ? ui_id(ui, "%s · %s", desk_clock(desk, row->at_ms), tr("Return"))
                               : desk_clock(desk, row->at_ms),
                (struct ui_text){.style = TEXT_SMALL, .tone = UI_INK2});
        ui_end(ui);
        ui_text(ui, desk_money(desk, row->total),
                (struct ui_text){.style = TEXT_NUMBER, .keep = true});
        ui_gap(ui, 1);
        ui_end(ui);
    }
    ui_end(ui);
}

/* ---- the paper ------------------------------------------------------------------------------- */

/* Paper keeps the direction of its own language, whatever the screen's is. */
static bool turned(struct ui *ui, const struct document *document)
{
    return document_is_rtl(document) != ui_rtl(ui);
}

static enum ui_align align_of(enum document_align align, bool turn)
{
    if (align == ALIGN_CENTER) {
        return UI_CENTER;
    }
    return (align == ALIGN_END) != turn ? UI_END_EDGE : UI_START;
}

static void columns(struct ui *ui, const struct document_block *block, bool turn)
{
    ui_row(ui, (struct ui_box){.gap_mm = 2, .mirror = turn});
    for (int i = 0; i < block->cell_count; i++) {
        ui_text(ui, block->cells[i],
                (struct ui_text){.style = block->bold ? TEXT_SMALL_STRONG : TEXT_SMALL,
                                 .weight = block->weights[i],
                                 .may_cut = true,
                                 .align = align_of(i == 0 ? ALIGN_START : ALIGN_END, turn)});
    }
    ui_end(ui);
}

static void pair(struct ui *ui, const struct document_block *block, bool turn)
{
    enum text_style style = block->size == 2 ? TEXT_HEADING
                            : block->bold    ? TEXT_SMALL_STRONG
                                             : TEXT_SMALL;

    ui_row(ui, (struct ui_box){.gap_mm = 3, .align = UI_BASELINE, .mirror = turn});
    if (block->indent > 0) {
        ui_gap(ui, 4.0f * (float)block->indent);
    }
    ui_text(ui, block->text,
            (struct ui_text){
                .style = style, .weight = 1, .lines = 3, .align = align_of(ALIGN_START, turn)});
    ui_text(ui, block->end_text,
            (struct ui_text){.style = style, .keep = true, .align = align_of(ALIGN_END, turn)});
    ui_end(ui);
}

/* The receipt's own code: a customer without paper takes a picture of it. */
static void code(struct ui *ui, const char *text)
{
    QRcode *qr = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_M);

    if (!qr) {
        return; /* too long for any symbol; the number above says the same */
    }
    int side = qr->width;
    uint8_t *modules = mem_alloc((size_t)side * (size_t)side);
    for (int i = 0; i < side * side; i++) {
        modules[i] = qr->data[i] & 1; /* bit 0: black (qrencode.h) */
    }
    ui_gap(ui, 2);
    ui_row(ui, (struct ui_box){.justify = UI_CENTER});
    ui_modules(ui, "receipt-code", tr("Code of the receipt"), modules, side, 30);
    ui_end(ui);
    free(modules);
    QRcode_free(qr);
}

static void paper(struct desk *desk, const struct document *document)
{
    struct ui *ui = desk->ui;
    bool turn = document && turned(ui, document);

    ui_list_begin(
        ui, "paper",
        &(struct ui_list){.key = "Ctrl+P",
                          .label = tr("The receipt"),
                          .empty = tr("Choose a receipt."),
                          .box = {.weight = 1, .surface = UI_WELL, .pad_mm = 5, .gap_mm = 0.6f}});
    for (size_t i = 0; document && i < document_count(document); i++) {
        const struct document_block *block = document_block(document, i);
        switch (block->type) {
        case BLOCK_TEXT:
            ui_text(ui, block->text,
                    (struct ui_text){.style = block->size == 2 ? TEXT_HEADING
                                              : block->bold    ? TEXT_SMALL_STRONG
                                                               : TEXT_SMALL,
                                     .lines = 6,
                                     .align = align_of(block->align, turn)});
            break;
        case BLOCK_PAIR:
            pair(ui, block, turn);
            break;
        case BLOCK_COLUMNS:
            columns(ui, block, turn);
            break;
        case BLOCK_RULE:
            ui_gap(ui, 1);
            ui_separator(ui);
            ui_gap(ui, 1);
            break;
        case BLOCK_FEED:
            ui_gap(ui, 3.0f * (float)block->lines);
            break;
        case BLOCK_QR:
            code(ui, block->text);
            break;
        case BLOCK_CUT:
        case BLOCK_DRAWER:
            break;
        }
    }
    ui_end(ui);
}

static enum status run_reprint(struct desk *desk, const struct deed *deed, struct error *error)
{
    desk_paper_begin(desk);
    enum status status = till_reprint(desk->till, deed->text, NULL, error);
    desk_paper_end(desk);
    if (status == STATUS_OK) {
        desk_say(desk, UI_GOOD, "%s", tr("The copy is being printed."));
    }
    return status;
}

static void find(struct desk *desk)
{
    struct ui *ui = desk->ui;
    struct receipts_state *state = &desk->receipts;

    if (ui_field(ui, "receipt-number",
                 &(struct ui_field){.hint = tr("Number, or scan the receipt"),
                                    .icon = "search",
                                    .key = "F2",
                                    .max_bytes = 40}) != UI_EDIT_NONE) {
        snprintf(state->typed, sizeof state->typed, "%s", ui_field_text(ui, "receipt-number"));
        state->chosen[0] = '\0';
        state->stale = true;
    }
}

void receipts_show(struct desk *desk)
{
    struct ui *ui = desk->ui;
    struct receipts_state *state = &desk->receipts;
    struct ui_box box = {.weight = 1, .gap_mm = 2};

    if (state->stale) {
        load(desk);
    }
    ui_column(ui, (struct ui_box){.weight = 1, .pad_mm = 2, .gap_mm = 2});
    if (ui_portrait(ui)) {
        ui_column(ui, box);
    } else {
        ui_row(ui, box);
    }
    ui_card(ui, (struct ui_box){.weight = 1, .pad_mm = 4, .gap_mm = 3});
    if (pane_head(desk, tr("Receipts"), tr("Back to the sale"))) {
        state->typed[0] = '\0';
        ui_field_set(ui, "receipt-number", "");
        desk_go(desk, SCREEN_SELL);
    }
    find(desk);
    rows(desk);
    ui_end(ui);
    ui_card(ui, (struct ui_box){.weight = 1, .pad_mm = 4, .gap_mm = 3});
    paper(desk, state->document);
    notice_show(desk);
    ui_row(ui, (struct ui_box){.gap_mm = 2});
    if (ui_button(ui, "take-back",
                  &(struct ui_button){.label = tr("Take goods back"),
                                      .icon = "return",
                                      .key = "F6",
                                      .weight = 1,
                                      .disabled = !*state->chosen})) {
        desk_go(desk, SCREEN_RETURN);
    }
    if (ui_button(ui, "reprint",
                  &(struct ui_button){.label = tr("Print again (COPY)"),
                                      .icon = "printer",
                                      .key = "F5",
                                      .weight = 1,
                                      .disabled = !*state->chosen})) {
        struct deed deed = {.run = run_reprint, .failed = TR_MARK("The copy was not printed.")};
        snprintf(deed.text, sizeof deed.text, "%s", state->chosen);
        desk_do(desk, &deed);
    }
    ui_end(ui);
    ui_end(ui);
    ui_end(ui);
    if (keyboard_wanted(desk, "receipt-number", "capitals")) {
        keyboard_show(desk);
    }
    ui_end(ui);
}
