/* nqueens.c: one row at a time, with sets of columns and diagonals as bit masks
 * (Richards, "Backtracking algorithms in MCPL using bit patterns and recursion", 1997). */
#include "kernels.h"

#define QUEENS_MAX 32
/* Boards with at most this many rows left are not worth a task: some 30 microseconds. */
#define SERIAL_ROWS 10

/* A board with queens in its upper rows. The masks say which columns of the next row
 * are under attack: straight down, along a diagonal to the left, and to the right. */
struct board {
    weft_task task;
    uint32_t full; /* all columns */
    uint32_t down, left, right;
    uint32_t rows_left;
    uint64_t count; /* result: ways to fill the other rows */
};

/* Two rows at a time: half the calls, which WebAssembly pays more for. */
static uint64_t count_serial(uint32_t full, uint32_t down, uint32_t left, uint32_t right)
{
    uint64_t count = 0;
    for (uint32_t open = full & ~(down | left | right); open != 0; open &= open - 1) {
        uint32_t queen = open & (~open + 1);
        uint32_t next_down = down | queen;
        uint32_t next_left = (left | queen) << 1, next_right = (right | queen) >> 1;
        if (next_down == full) {
            count++;
            continue;
        }
        uint32_t next = full & ~(next_down | next_left | next_right);
        for (; next != 0; next &= next - 1) {
            queen = next & (~next + 1);
            if ((next_down | queen) == full)
                count++;
            else
                count += count_serial(full, next_down | queen, (next_left | queen) << 1,
                                      (next_right | queen) >> 1);
        }
    }
    return count;
}

static void count_board(void *context)
{
    struct board *board = context;
    if (board->rows_left <= SERIAL_ROWS) {
        board->count = count_serial(board->full, board->down, board->left, board->right);
        return;
    }
    board->count = 0;
    if (weft_cancelled())
        return;
    struct board next[QUEENS_MAX];
    size_t count = 0;
    uint32_t open = board->full & ~(board->down | board->left | board->right);
    for (; open != 0; open &= open - 1) {
        uint32_t queen = open & (~open + 1);
        struct board *child = &next[count++];
        child->full = board->full;
        child->down = board->down | queen;
        child->left = (board->left | queen) << 1;
        child->right = (board->right | queen) >> 1;
        child->rows_left = board->rows_left - 1;
        weft_spawn(&child->task, count_board, child);
    }
    while (count-- > 0) {
        weft_sync_call(&next[count].task, count_board, &next[count]);
        board->count += next[count].count;
    }
}

static uint32_t all_columns(uint32_t n)
{
    return UINT32_MAX >> (QUEENS_MAX - n);
}

WEFT_EXPORT uint64_t weft_nqueens(uint32_t n)
{
    if (n < 1 || n > QUEENS_MAX)
        return 0;
    struct board board = {.full = all_columns(n), .rows_left = n};
    count_board(&board);
    return weft_cancelled() ? 0 : board.count;
}

WEFT_EXPORT uint64_t weft_nqueens_serial(uint32_t n)
{
    if (n < 1 || n > QUEENS_MAX)
        return 0;
    return count_serial(all_columns(n), 0, 0, 0);
}
