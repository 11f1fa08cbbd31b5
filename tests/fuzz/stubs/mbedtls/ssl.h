/** @file ssl.h  Stands in for mbedTLS's, as far as the port configures a connection. */
#pragma once

#include <stdint.h>

#include "mbedtls/x509_crt.h"

#define MBEDTLS_PRIVATE(member) member
#define MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE (-0x7780)
#define MBEDTLS_ERR_SSL_CONN_EOF (-0x7280)

typedef int (*stub_verify_t)(void *context, mbedtls_x509_crt *certificate, int depth, uint32_t *flags);

typedef struct {
    stub_verify_t f_vrfy;
    void *p_vrfy;
    mbedtls_x509_crt *ca_chain;
    stub_random_t f_rng;
    void *p_rng;
} mbedtls_ssl_config;

void mbedtls_ssl_conf_ca_chain(mbedtls_ssl_config *config, mbedtls_x509_crt *chain, void *revoked);
void mbedtls_ssl_conf_verify(mbedtls_ssl_config *config, stub_verify_t verify, void *context);
