// Input: what is stored when the device is switched on for the first time, then all that happens to it (fuzz_world.h).
// After the last byte all goes well: then the device must come to work, with the credentials it has stored.

#include "app_device.h"
#include "fake_sensors.h"
#include "fuzz_world.h"
#include "tb/tb_store.h"

#define BOOTS_MAX 64
#define CONFIGURED WORLD_CANARY "-CONFIGURED"
#define OFFERED WORLD_CANARY "-OFFERED"

/** What the first byte says. */
enum {
    HAS_CRED = 1 << 0,
    HAS_PENDING = 1 << 1,
    CRED_IS_DAMAGED = 1 << 2,
    TOKEN_IS_CONFIGURED = 1 << 3,
    PENDING_IS_CONFIGURED = 1 << 4,
};

static app_device_t s_device;
static tb_outcome_t s_outcome;

static void put_record(const char *key, const char *token, bool is_damaged)
{
    char record[TB_CRED_RECORD_MAX];
    tb_buf_t out = TB_BUF(record);
    tb_cred_t cred;
    fuzz_check(tb_cred_from_token(tb_str(token), &cred) == TB_OK);
    fuzz_check(tb_cred_encode(&cred, &out) == TB_OK);
    record[0] = (char)(record[0] ^ (is_damaged ? 1 : 0));
    world_store(key, tb_buf_view(&out));
}

static void set_up(uint8_t flags)
{
    world_configure_token((flags & TOKEN_IS_CONFIGURED) != 0 ? CONFIGURED : NULL);
    if ((flags & HAS_CRED) != 0) {
        put_record(TB_STORE_CRED, WORLD_CANARY "-STORED", (flags & CRED_IS_DAMAGED) != 0);
    }
    if ((flags & HAS_PENDING) != 0) {
        put_record(TB_STORE_PENDING, (flags & PENDING_IS_CONFIGURED) != 0 ? CONFIGURED : WORLD_CANARY "-PENDING",
                   false);
    }
}

/** Somebody has new credentials for the device, which may be busy with the last ones, or has no use for their kind. */
static void offer(uint8_t way)
{
    static const tb_cred_t OFFERS[] = {
        {.kind = TB_CRED_ACCESS_TOKEN, .username = OFFERED},
        {.kind = TB_CRED_MQTT_BASIC, .client_id = OFFERED, .username = OFFERED, .password = OFFERED},
        {.kind = TB_CRED_MQTT_BASIC, .password = OFFERED},
        {.kind = TB_CRED_X509},
    };
    const tb_cred_t *cred = &OFFERS[way % TB_COUNT(OFFERS)];
    tb_err_t err = app_credentials_offer(cred);
    if (cred->username[0] == '\0') {
        fuzz_check(err == TB_ERR_INVALID_ARG);
    } else {
        fuzz_check(err == TB_OK || err == TB_ERR_INVALID_STATE);
    }
}

static void run(void *context)
{
    (void)context;
    s_outcome = app_device_start(&s_device);
    if (s_outcome == TB_OUTCOME_NONE) {
        s_outcome = app_device_run(&s_device);
    }
    fuzz_check(s_outcome > TB_OUTCOME_NONE && s_outcome < TB_OUTCOME_COUNT);
}

/** Switches the device on, and off again. Returns false when the power failed before it came to its end. */
static bool boot(void)
{
    bool came_to_end = world_run(run, NULL);
    app_device_disconnect(&s_device);
    app_device_destroy(&s_device);
    return came_to_end;
}

static bool has_credentials(tb_cred_t *out)
{
    return tb_cred_decode(world_stored(TB_STORE_CRED), out) == TB_OK;
}

/** The credentials that the device has, and those that it tries when the server refuses them. */
typedef struct {
    bool has_own;
    tb_cred_t own;
    bool has_pending;
    tb_cred_t pending;
    unsigned requests;
    unsigned trials;
} kept_t;

static kept_t kept(void)
{
    kept_t found = {.requests = world_requests(), .trials = world_trials()};
    found.has_own = has_credentials(&found.own);
    found.has_pending = tb_cred_decode(world_stored(TB_STORE_PENDING), &found.pending) == TB_OK;
    return found;
}

/** Credentials are never lost. They change into those that were pending or offered when the server has accepted these,
 *  and into others when they were asked for. */
static void check_kept(const kept_t *before)
{
    tb_cred_t now;
    if (!before->has_own) {
        return;
    }
    fuzz_check(has_credentials(&now));
    bool was_known =
        strcmp(now.username, OFFERED) == 0 || (before->has_pending && tb_cred_equal(&now, &before->pending));
    fuzz_check(tb_cred_equal(&now, &before->own) || (was_known && world_trials() > before->trials) ||
               world_requests() > before->requests);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (world_is_given_away(data, size)) {
        return 0;
    }
    fuzz_input_t in = {.at = data, .left = size};
    fake_sensors_reset();
    world_begin(&in);
    world_other_task(offer);
    set_up(fuzz_take_byte(&in));
    for (unsigned boots = 0; in.left > 0 && boots < BOOTS_MAX; boots++) {
        kept_t before = kept();
        (void)boot();
        check_kept(&before);
    }
    world_heal();
    kept_t before = kept();
    fuzz_check(boot() && s_outcome == TB_OUTCOME_COMPLETE && kept().has_own);
    check_kept(&before);
    return 0;
}
