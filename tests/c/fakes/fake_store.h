/** @file fake_store.h  The port's store and settings in RAM: they outlive a power cut, and a save is whole or nothing.
 */
#pragma once

#include "tb/tb_buf.h"

/** Forgets all that is stored and set. */
void fake_store_clear(void);

void fake_store_put(const char *key, tb_str_t value);

/** Returns what is stored under @p key, of length 0 when nothing is; lives until the next change. */
tb_str_t fake_store_get(const char *key);

/** Sets a text in `tb_cfg`, which must outlive the test; NULL: not set. */
void fake_config_put(const char *key, const char *text);
