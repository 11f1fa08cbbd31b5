/** @file fake_fault.h  What goes wrong: the n-th call of a kind fails, or the power does. */
#pragma once

#include <stdbool.h>

#include "tb/tb_err.h"

typedef enum {
    FAKE_INIT,
    FAKE_OPEN,
    FAKE_SUBSCRIBE,
    FAKE_PUBLISH,
    FAKE_LOAD,
    FAKE_SAVE,
    FAKE_ERASE,
    FAKE_CONFIG,
    FAKE_DEVICE_ID,
    FAKE_CALL_COUNT,
} fake_call_t;

void fake_fault_reset(void);

/** Lets the @p nth call (1: the next) of a kind fail with @p err, and @p times - 1 calls after it. */
void fake_fail(fake_call_t call, unsigned nth, unsigned times, tb_err_t err);

/** For the fakes: counts a call. Returns the error that it is to fail with, or TB_OK. */
tb_err_t fake_called(fake_call_t call);

/** How many calls of a kind there were. */
unsigned fake_calls(fake_call_t call);

/** Calls @p run with @p context; the power fails at the @p nth fake_power_point() (0: never). Returns true if it did.
 */
bool fake_run_with_power_cut(unsigned nth, void (*run)(void *), void *context);

/** For the fakes: a moment before or after something that lasts. */
void fake_power_point(void);
