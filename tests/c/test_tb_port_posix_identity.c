#include "test_tb_port_posix_identity.h"

#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "tb_test.h"

static void add_extension(const identity_t *identity, int kind, const char *value)
{
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, kind, value);
    assert_non_null(extension);
    assert_int_equal(X509_add_ext(identity->certificate, extension, -1), 1);
    X509_EXTENSION_free(extension);
}

/** Gives it a name of its own, so that no two are taken for each other. */
static void name_it(X509 *certificate)
{
    unsigned char name[17] = {0};
    uint32_t serial = 0;
    assert_int_equal(RAND_bytes((unsigned char *)&serial, sizeof(serial)), 1);
    assert_in_range(snprintf((char *)name, sizeof(name), "test %08x", (unsigned)serial), 1, sizeof(name) - 1);
    assert_int_equal(ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial), 1);
    assert_int_equal(
        X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC, name, -1, -1, 0), 1);
}

identity_t identity_make(const identity_t *issuer, const char *alt_name, long from_s, long until_s)
{
    identity_t made = {.certificate = X509_new(), .key = EVP_EC_gen("P-256")};
    const identity_t *signer = issuer != NULL ? issuer : &made;
    assert_non_null(made.certificate);
    assert_non_null(made.key);
    assert_int_equal(X509_set_version(made.certificate, X509_VERSION_3), 1);
    name_it(made.certificate);
    assert_non_null(X509_gmtime_adj(X509_getm_notBefore(made.certificate), from_s));
    assert_non_null(X509_gmtime_adj(X509_getm_notAfter(made.certificate), until_s));
    assert_int_equal(X509_set_pubkey(made.certificate, made.key), 1);
    assert_int_equal(X509_set_issuer_name(made.certificate, X509_get_subject_name(signer->certificate)), 1);
    if (alt_name != NULL) {
        add_extension(&made, NID_subject_alt_name, alt_name);
    } else {
        add_extension(&made, NID_basic_constraints, "critical,CA:TRUE");
    }
    assert_true(X509_sign(made.certificate, signer->key, EVP_sha256()) > 0);
    return made;
}

void identity_free(identity_t *identity)
{
    X509_free(identity->certificate);
    EVP_PKEY_free(identity->key);
}

/** Returns what was written to @p memory, and frees that. */
static char *text_of(BIO *memory)
{
    char *bytes;
    long len = BIO_get_mem_data(memory, &bytes);
    char *text = strndup(bytes, (size_t)len);
    assert_non_null(text);
    BIO_free(memory);
    return text;
}

char *identity_certificate_pem(const identity_t *identity)
{
    BIO *memory = BIO_new(BIO_s_mem());
    assert_int_equal(PEM_write_bio_X509(memory, identity->certificate), 1);
    return text_of(memory);
}

char *identity_key_pem(const identity_t *identity, const char *password)
{
    BIO *memory = BIO_new(BIO_s_mem());
    const EVP_CIPHER *cipher = password != NULL ? EVP_aes_256_cbc() : NULL;
    assert_int_equal(PEM_write_bio_PrivateKey(memory, identity->key, cipher, (const unsigned char *)password,
                                              password != NULL ? (int)strlen(password) : 0, NULL, NULL),
                     1);
    return text_of(memory);
}
