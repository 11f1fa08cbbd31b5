/** @file pk.h  Stands in for mbedTLS's: a key is its text, and fits the certificate whose text is the same. */
#pragma once

#include <stddef.h>

typedef struct {
    char *text;
} mbedtls_pk_context;

typedef int (*stub_random_t)(void *context, unsigned char *out, size_t len);

void mbedtls_pk_init(mbedtls_pk_context *key);
void mbedtls_pk_free(mbedtls_pk_context *key);
int mbedtls_pk_parse_key(mbedtls_pk_context *key, const unsigned char *text, size_t len, const unsigned char *password,
                         size_t password_len, stub_random_t random, void *context);
int mbedtls_pk_check_pair(const mbedtls_pk_context *public_key, const mbedtls_pk_context *key, stub_random_t random,
                          void *context);
