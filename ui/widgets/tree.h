/* The inside of the ui: its tree of nodes, and what it keeps between frames. For the files of this
 * folder only.
 *
 *   ui.c       life, frame, arena, ids, what is kept        boxes.c   rows, columns, lists, sheets
 *   layout.c   widths, heights; place.c                     show.c    text, pills, icons
 *   render.c   draw list and semantic list                  press.c   buttons, tiles, keypads
 *   input.c    pointers and keys; focus.c                   field.c   text fields
 *
 * A frame is a tree in one of two arenas; the tree before stays readable while the next is built.
 */
#ifndef HOLDFAST_WIDGETS_TREE_H
#define HOLDFAST_WIDGETS_TREE_H

#include "ui/widgets/ui.h"

enum { ID_SIZE = 96, FIELD_SIZE = 512, STACK_MAX = 64, QUEUE_MAX = 256, LINES_MAX = 12 };

enum node_kind {
    NODE_ROW,
    NODE_COLUMN,
    NODE_GRID,
    NODE_LIST,
    NODE_TEXT,
    NODE_ICON,
    NODE_FIELD, /* the text part of a field */
    NODE_MODULES,
    NODE_BAR, /* of progress */
    NODE_SIGNATURE,
    NODE_SPACE
};

struct node_text {
    const char *string;
    struct text_font font;
    enum ui_align align;
    int lines; /* at most */
    bool shrink, keep, may_cut, underline;
    bool tight;                /* lines closer than the face asks for: names on tiles */
    struct text_piece *pieces; /* set by layout */
    int piece_count;
    int natural; /* width on one line */
};

struct node_box {
    int pad_x, pad_y, pad_start, gap;
    enum ui_align align, justify;
    bool turned;          /* children run against the direction of reading */
    bool fixed_direction; /* children run left to right in every language */
    bool wrap, spread;
    int columns;
};

struct node_look {
    struct colour fill, ring, edge, bar, below; /* a = 0: none. edge: what the audit judges */
    int border, radius, bar_w;
    unsigned corners; /* of reading: left is start */
    bool bar_round;   /* a tile's bar, hugging its corners */
};

struct node_meaning {
    const char *id, *label, *value, *key;
    enum ui_role role;
    bool present; /* gets a node in the semantic list */
    unsigned state;
    int group;
};

struct node_list {
    struct kept *kept;
    int rows, item_h, first; /* of a list that builds only what is seen */
    int content_h;
    bool stick;
};

struct node {
    enum node_kind kind;
    struct node *parent, *first, *last, *next;
    int weight;
    int least_w, least_h; /* asked for */
    int min_w, nat_w, min_h, nat_h;
    int wrapped_h; /* of a wrapping row's lines */
    struct rect rect;
    struct colour ink;
    struct node_box box;
    struct node_text text;
    struct node_look look;
    struct node_meaning meaning;
    struct node_list list;
    const char *icon;
    const uint8_t *modules;
    int side;     /* modules; permille of a bar */
    bool is_part; /* its text counts for the target that holds it */
    bool sheet;
    bool optional, dropped; /* an icon that goes when its button is too narrow */
    int span;               /* cells of a keypad's grid */
    struct kept *field;
};

/* What outlives frames, by id: scroll of a list, text of a field. */
struct kept {
    char id[ID_SIZE];
    uint64_t frame;      /* last built */
    float offset, speed; /* px, px per ms */
    int view_h, content_h, item_h;
    int reveal; /* row, or -1 */
    bool moving, at_end;
    char text[FIELD_SIZE];
    int caret, max_bytes, shift; /* shift: px scrolled inside the field */
    struct signature *signature;
    int view_y;
    int view_x, view_w; /* where the field's text was drawn */
    bool changed, done, digits;
    struct kept *next;
};

struct event {
    struct ui_input input;
    char press[ID_SIZE]; /* a press by id, instead of the input */
};

struct arena {
    struct arena_block *block; /* newest first */
};

struct frame {
    struct arena arena;
    struct node *root;
    struct node *sheet; /* the topmost, or NULL */
    struct ui_node *nodes;
    size_t count, capacity;
};

enum fired_kind { FIRED_NONE, FIRED_PRESS, FIRED_KEY, FIRED_TEXT, FIRED_DISMISS };

struct ui {
    struct ui_setup setup;
    struct draw_list *list;
    struct frame frames[2];
    int current; /* being built, or shown */
    uint64_t frame_number;
    struct node *stack[STACK_MAX];
    int depth;
    int next_group;
    struct kept *kept;

    struct event queue[QUEUE_MAX];
    int queue_start, queue_count;

    enum fired_kind fired;
    char fired_id[ID_SIZE]; /* id, key or character */
    bool fired_taken;
    bool changed; /* something was answered in this build: build again */

    char focus[ID_SIZE];
    char want_focus[ID_SIZE];
    char touched[ID_SIZE]; /* the field touched last, "" since a hardware key was typed */
    char reveal[ID_SIZE];
    bool focus_seen; /* the keyboard was used last: show the ring */
    char compose[UI_TEXT_SIZE];
    struct rect caret;

    struct { /* the one gesture: a second finger is not followed */
        bool down, cancelled, scrolling;
        int64_t pointer, at_ms;
        int x, y, last_x, last_y;
        char id[ID_SIZE];
        struct kept *list;
        struct kept *signature; /* being signed */
    } touch;
    int64_t last_ms;
};

/* ui.c */
void *arena_alloc(struct ui *ui, size_t size); /* zeroed; of the frame being built */
const char *arena_text(struct ui *ui, const char *text);
struct kept *kept_get(struct ui *ui, const char *id); /* made when it is not there */
struct kept *kept_find(const struct ui *ui, const char *id);
int px(const struct ui *ui, float mm);
int border_px(const struct ui *ui);
struct colour token(const struct ui *ui, enum theme_token token);
struct colour tone_ink(const struct ui *ui, enum ui_tone tone);
struct colour tone_ground(const struct ui *ui, enum ui_tone tone);
struct text_font font_of(const struct ui *ui, enum text_style style);
/* Was this id pressed? Answers once. */
bool fired_press(struct ui *ui, const char *id);

/* boxes.c */
struct node *node_leaf(struct ui *ui, enum node_kind kind);
struct node *node_open(struct ui *ui, enum node_kind kind, const struct ui_box *box);
void node_target(struct ui *ui, struct node *node, enum ui_role role, const char *id,
                 const char *label, const char *key, bool disabled);
/* The state a target had when it was last seen. */
bool is_pressed(const struct ui *ui, const char *id);

/* show.c */
struct node *text_leaf(struct ui *ui, const char *string, enum text_style style, struct colour ink);
struct node *icon_leaf(struct ui *ui, const char *name, struct colour ink, float mm);
void badge_leaf(struct ui *ui, const char *string, enum ui_tone tone);

/* layout.c */
bool node_flows(const struct node *node);                        /* takes room in its parent */
int node_count(const struct node *node);                         /* of children that do */
int node_pads(const struct node *node);                          /* left and right together */
int node_line_gap(const struct ui *ui, const struct node *node); /* of a wrapping row */
int node_baseline(struct ui *ui, const struct node *node);
int grid_cell(int total, int gap, int columns, int index); /* where a column or row begins */
int grid_row_count(const struct node *node);
int line_step(struct ui *ui, const struct node_text *text); /* from line to line, px */
void layout_tree(struct ui *ui, struct frame *frame);

/* place.c */
void place_node(struct ui *ui, struct node *node, int x, int y);

/* scroll.c */
void scroll_settle(struct ui *ui,
                   struct node *node); /* of all lists under it, between sizes and places */
bool scroll_reveal(struct ui *ui, struct node *node); /* true: lists moved, place again */
void scroll_by(struct kept *kept, float by);          /* at its ends it stops */
void scroll_tick(struct ui *ui, int64_t now_ms);
bool scroll_moving(const struct ui *ui);

/* render.c */
void render_tree(struct ui *ui, struct frame *frame);

/* field.c */
void field_insert(struct kept *kept, const char *text);
bool field_key(struct ui *ui, struct kept *kept, const char *key); /* true when it took the key */
void field_draw(struct ui *ui, struct node *node);
void field_touch(struct ui *ui, const struct ui_node *node, int x);

/* signature.c */
void signature_touch(const struct ui *ui, struct kept *kept, int x, int y, bool starts);
void signature_lift(struct kept *kept);
void signature_draw(struct ui *ui, const struct node *node);
void signature_free(struct kept *kept);

/* input.c */
void input_resolve(struct ui *ui); /* takes one event from the queue, against the frame before */
bool input_left(const struct ui *ui);

/* focus.c */
struct frame *frame_before(struct ui *ui); /* the last complete frame */
const struct ui_node *frame_find(const struct frame *frame, const char *id);
bool in_reach(const struct ui_node *node);
void focus_set(struct ui *ui, const char *id, bool seen);
void focus_step(struct ui *ui, int by);
bool focus_move(struct ui *ui, int dx, int dy); /* false when there is nothing that way */
void focus_into(struct ui *ui, const struct ui_node *group);
void set_id(char out[ID_SIZE], const char *id);

#endif
