/**
 * @file effects.h
 * The effects that a program has on the world through the C library, counted, and the one at which its power is cut.
 */
#pragma once

#include <stdbool.h>

/** Each kind is counted by itself. One kind's order is the same in each run, so a number names the same call again; how
 *  the kinds follow each other is up to threads and to the network. */
typedef enum { EFFECT_STORE, EFFECT_CONNECT, EFFECT_SEND, EFFECT_RECV, EFFECT_KINDS } effect_kind_t;

typedef enum {
    EFFECT_PASS,
    EFFECT_FAIL, /**< Do nothing and report an error. */
    EFFECT_TEAR, /**< Of a write: do effects_torn_len() bytes, then effects_cut_power(). */
    EFFECT_CUT,  /**< Do it, then effects_cut_power(). */
} effect_verdict_t;

/** Counts the effect @p call on @p object (a file's name, or "-") that is about to happen, with @p len bytes if it
 * writes. Does not return when the power is to be cut before it. */
effect_verdict_t effects_enter(effect_kind_t kind, const char *call, const char *object, unsigned long len);

/** How many bytes of a torn write are done. */
unsigned long effects_torn_len(void);

/** Ends the process as a power cut does. */
_Noreturn void effects_cut_power(void);
