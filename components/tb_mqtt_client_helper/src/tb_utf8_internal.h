/** @file tb_utf8_internal.h  UTF-8 (RFC 3629), shared by the JSON writer and the JSON checker. */
#pragma once

#include "tb/tb_buf.h"

/** Returns the length (1..4) of the valid sequence that @p text starts with, or 0: empty, overlong, surrogate, or
 * broken. */
size_t tb_utf8_sequence_len(tb_str_t text);
