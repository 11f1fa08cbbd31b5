/** @file fake_log.h  The log, kept in memory. */
#pragma once

#include <stdbool.h>

void fake_log_reset(void);

bool fake_log_has(const char *text);

/** Prints all of it. */
void fake_log_print(void);
