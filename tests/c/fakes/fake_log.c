#include "fake_log.h"

#include <stdio.h>

#include "tb_port_log.h"
#include "tb_test.h"

#define TEXT_MAX (512 * 1024)

static char s_text[TEXT_MAX];
static size_t s_len;

void fake_log_reset(void)
{
    strcpy(s_text, "\n"); // so that each line has one before it
    s_len = 1;
}

bool fake_log_has(const char *text)
{
    return strstr(s_text, text) != NULL;
}

void fake_log_print(void)
{
    print_error("%s", s_text);
}

static void take(int written)
{
    assert_in_range(written, 0, TEXT_MAX - s_len - 1);
    s_len += (size_t)written;
}

void tb_port_log_line(char level, const char *tag, const char *format, ...)
{
    va_list args;
    take(snprintf(s_text + s_len, TEXT_MAX - s_len, "%c %s: ", level, tag));
    va_start(args, format);
    take(vsnprintf(s_text + s_len, TEXT_MAX - s_len, format, args));
    va_end(args);
    take(snprintf(s_text + s_len, TEXT_MAX - s_len, "\n"));
}
