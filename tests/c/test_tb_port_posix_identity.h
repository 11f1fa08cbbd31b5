/** @file test_tb_port_posix_identity.h  Certificates of a test's own making. Texts are the caller's to free. */
#pragma once

#include <openssl/x509.h>

#define HOUR_S 3600

typedef struct {
    X509 *certificate;
    EVP_PKEY *key;
} identity_t;

/**
 * Makes a certificate with a new key, signed by @p issuer; NULL: by itself.
 * @param alt_name  Whom it names, e.g. "DNS:localhost"; NULL: it is an authority.
 * @param from_s, until_s  When it is valid, counted from now.
 */
identity_t identity_make(const identity_t *issuer, const char *alt_name, long from_s, long until_s);

void identity_free(identity_t *identity);

char *identity_certificate_pem(const identity_t *identity);

/** @param password  Encrypts it; NULL: does not. */
char *identity_key_pem(const identity_t *identity, const char *password);
