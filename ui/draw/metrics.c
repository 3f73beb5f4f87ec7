#include "ui/draw/metrics.h"

#include <math.h>

enum { DESIGN_UM_PER_PX = 252 }; /* 3.97 px/mm: where the sizes below were drawn */

static const struct {
    int px;
    bool bold;
} styles[TEXT_STYLES] = {
    [TEXT_BODY] = {17, false},        [TEXT_STRONG] = {17, true},  [TEXT_SMALL] = {15, false},
    [TEXT_SMALL_STRONG] = {15, true}, [TEXT_CAPTION] = {14, true}, [TEXT_NUMBER] = {19, true},
    [TEXT_HEADING] = {21, true},      [TEXT_LEAD] = {21, false},   [TEXT_PRIMARY] = {28, true},
    [TEXT_TOTAL] = {44, true},        [TEXT_COUNT] = {76, true},   [TEXT_CHANGE] = {128, true},
    [TEXT_NAME] = {16, true},
};

enum status metrics_init(struct metrics *metrics, int width_px, int height_px, int panel_width_mm,
                         int text_percent, struct error *error)
{
    if (width_px < 320 || width_px > 16384 || height_px < 320 || height_px > 16384)
        return error_set(error, STATUS_INVALID, "screen: %dx%d px is no size", width_px, height_px);
    if (text_percent < 100 || text_percent > 150)
        return error_set(error, STATUS_INVALID, "screen: text scale %d %% is outside 100..150",
                         text_percent);
    if (panel_width_mm <= 0 || width_px < panel_width_mm / 2 || width_px > panel_width_mm * 20)
        return error_set(error, STATUS_INVALID, "screen: %d px on %d mm cannot be", width_px,
                         panel_width_mm);
    *metrics = (struct metrics){
        .width_px = width_px,
        .height_px = height_px,
        .um_per_px = (panel_width_mm * 1000 + width_px / 2) / width_px,
        .text_percent = text_percent,
    };
    return STATUS_OK;
}

int metrics_px(const struct metrics *metrics, float mm)
{
    if (mm <= 0)
        return 0;
    int px = (int)lroundf(mm * 1000.0F / (float)metrics->um_per_px);
    return px > 0 ? px : 1;
}

float metrics_mm(const struct metrics *metrics, int px)
{
    return (float)px * (float)metrics->um_per_px / 1000.0F;
}

int metrics_text_px(const struct metrics *metrics, enum text_style style)
{
    int64_t scaled = (int64_t)styles[style].px * DESIGN_UM_PER_PX * metrics->text_percent;
    int64_t unit = (int64_t)metrics->um_per_px * 100;
    int px = (int)((scaled + unit / 2) / unit);
    return px < 6 ? 6 : px;
}

bool metrics_text_bold(enum text_style style)
{
    return styles[style].bold;
}
