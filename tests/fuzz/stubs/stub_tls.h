/** @file stub_tls.h  What a target does to the stand-in for mbedTLS. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** What a PEM text begins with that can be read; certificate and key belong together when they read the same. */
#define STUB_PEM "-----BEGIN CERTIFICATE-----"

/** Judges the server's chain, of @p count certificates from the root on: mbedTLS finds @p flags of each, and ESP-IDF's
 *  bundle refuses one or not, if it is asked. @pre there is a client with TLS, started. */
void stub_handshake(const uint32_t *flags, size_t count, bool is_refused_by_bundle);
