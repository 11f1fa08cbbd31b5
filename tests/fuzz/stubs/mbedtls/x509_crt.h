/** @file x509_crt.h  Stands in for mbedTLS's: a certificate is a copy of its text. */
#pragma once

#include <stddef.h>

#include "mbedtls/pk.h"

typedef struct {
    char *text;
    mbedtls_pk_context pk; /**< Its public key: the same text, borrowed. */
} mbedtls_x509_crt;

void mbedtls_x509_crt_init(mbedtls_x509_crt *certificate);
void mbedtls_x509_crt_free(mbedtls_x509_crt *certificate);
int mbedtls_x509_crt_parse(mbedtls_x509_crt *certificate, const unsigned char *text, size_t len);
