#include "fake_fault.h"

#include <setjmp.h>
#include <string.h>

static struct {
    unsigned count;
    unsigned first;
    unsigned last;
    tb_err_t err;
} s_calls[FAKE_CALL_COUNT];

static struct {
    jmp_buf plug;
    unsigned points_left;
} s_power;

void fake_fault_reset(void)
{
    memset(s_calls, 0, sizeof(s_calls));
    s_power.points_left = 0;
}

void fake_fail(fake_call_t call, unsigned nth, unsigned times, tb_err_t err)
{
    s_calls[call].first = s_calls[call].count + nth;
    s_calls[call].last = s_calls[call].first + times - 1;
    s_calls[call].err = err;
}

tb_err_t fake_called(fake_call_t call)
{
    unsigned now = ++s_calls[call].count;
    return now >= s_calls[call].first && now <= s_calls[call].last ? s_calls[call].err : TB_OK;
}

unsigned fake_calls(fake_call_t call)
{
    return s_calls[call].count;
}

bool fake_run_with_power_cut(unsigned nth, void (*run)(void *), void *context)
{
    s_power.points_left = nth;
    if (setjmp(s_power.plug) != 0) {
        return true;
    }
    run(context);
    s_power.points_left = 0;
    return false;
}

void fake_power_point(void)
{
    if (s_power.points_left > 0 && --s_power.points_left == 0) {
        longjmp(s_power.plug, 1);
    }
}
