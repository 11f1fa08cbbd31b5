#include "app_device.h"

#include <inttypes.h>
#include <string.h>

#include "app_connection.h"
#include "front_connection.h"
#include "normal_connection.h"
#include "sdkconfig.h"
#include "tb/tb_store.h"
#include "tb_port_log.h"

#define CODE_CLIENT_ID 2U
#define CODE_NOT_AUTHORIZED 5U
#define WAIT_MAX_MS 60000 // a longer wait is cut in pieces: ticks of 32 bits overflow

static const char *TAG = "tb_session";
static const char *TAG_CLIENT = "tb_mqtt_client_helper";

/** Sees to what is asked for. */
static tb_outcome_t prepare_request(app_device_t *device, bool was_provisioned, bool *asked_before)
{
    if (!app_settings_can_provision(&device->settings)) {
        return TB_OUTCOME_NOT_CONFIGURED;
    }
    if (app_credentials_choose(&device->credentials, &device->settings.wanted, was_provisioned, asked_before) !=
        TB_OK) {
        return TB_OUTCOME_STORE_FAILED;
    }
    tb_err_t err = front_connection_check(&device->settings, &device->credentials.pending);
    if (err != TB_OK) {
        TB_LOGE(TAG, "the settings make no request: %s", tb_err_text(err));
        return TB_OUTCOME_NOT_CONFIGURED;
    }
    return TB_OUTCOME_NONE;
}

/** Reads what is stored, and sets up the session accordingly. */
static tb_outcome_t load_credentials(app_device_t *device)
{
    uint32_t seed = 0;
    bool asked_before = false;
    tb_err_t err = app_credentials_load(&device->credentials);
    if (err == TB_ERR_STORE) {
        return TB_OUTCOME_STORE_FAILED; // they may be there, and those that a request gives would replace them
    }
    bool has_credentials = err == TB_OK;
    if (!has_credentials) {
        if (err != TB_ERR_NOT_FOUND) {
            TB_LOGE(TAG, "stored credentials cannot be used: %s", tb_err_text(err));
        }
        tb_outcome_t outcome = prepare_request(device, err != TB_ERR_NOT_FOUND, &asked_before);
        if (outcome != TB_OUTCOME_NONE) {
            return outcome;
        }
    } else {
        asked_before = app_credentials_load_others(&device->credentials);
        app_settings_forget_secrets(&device->settings);
    }
    tb_port_random(&seed, sizeof(seed));
    tb_session_init(&device->session,
                    &(tb_session_config_t){
                        .connect_timeout_ms = CONFIG_TB_CONNECT_TIMEOUT_MS,
                        .answer_timeout_ms = CONFIG_TB_ANSWER_TIMEOUT_MS,
                        .backoff_base_ms = CONFIG_TB_BACKOFF_BASE_MS,
                        .backoff_cap_ms = CONFIG_TB_BACKOFF_CAP_MS,
                        .refused_wait_ms = CONFIG_TB_REFUSED_WAIT_S * 1000,
                        .refusals_max = TB_MODEL_PROV_REQUEST ? CONFIG_TB_REFUSALS_MAX : 0,
                        .refusals_time_ms = (uint32_t)CONFIG_TB_REFUSALS_TIME_S * 1000,
                        .run_time_ms = device->settings.run_time_s * 1000,
                        .server_chooses = TB_MODEL_PROV_KIND == TB_CRED_NONE,
                    },
                    has_credentials, asked_before, seed);
    return TB_OUTCOME_NONE;
}

static tb_outcome_t failure_of(tb_err_t err)
{
    switch (err) {
    case TB_ERR_STORE:
        return TB_OUTCOME_STORE_FAILED;
    case TB_ERR_NO_TIME:
        return TB_OUTCOME_NO_TIME;
    default:
        return TB_OUTCOME_PORT_FAILED;
    }
}

static tb_outcome_t check_connection(const app_settings_t *settings)
{
    switch (app_connection_check(settings)) {
    case TB_OK:
        return TB_OUTCOME_NONE;
    case TB_ERR_NOT_FOUND:
        return TB_OUTCOME_NO_CERTIFICATE;
    case TB_ERR_STORE:
        return TB_OUTCOME_STORE_FAILED;
    default:
        return TB_OUTCOME_NOT_CONFIGURED;
    }
}

tb_outcome_t app_device_start(app_device_t *device)
{
    tb_outcome_t outcome = TB_OUTCOME_NONE;
    tb_err_t err = tb_port_init();
    if (err != TB_OK) {
        outcome = failure_of(err);
    } else if (app_settings_load(&device->settings) != TB_OK) {
        outcome = TB_OUTCOME_NOT_CONFIGURED;
    } else {
        outcome = check_connection(&device->settings);
    }
    if (outcome == TB_OUTCOME_NONE) {
        TB_LOGI(TAG, "device name: %s", device->settings.device_name);
        outcome = load_credentials(device);
    }
    if (outcome != TB_OUTCOME_NONE) {
        TB_LOGE(TAG, "TB_OUTCOME_%s: %s", tb_outcome_name(outcome), tb_outcome_text(outcome));
    }
    return outcome;
}

static tb_event_t event_of(tb_event_kind_t kind)
{
    return (tb_event_t){.kind = kind};
}

static tb_event_t failed(tb_err_t err)
{
    TB_LOGE(TAG, "%s", tb_err_text(err));
    return (tb_event_t){.kind = TB_EVENT_FAILED, .failure = failure_of(err)};
}

/** Stores what the server gave, or, in a trial, has accepted. */
static tb_event_t store_credentials(app_device_t *device)
{
    if (app_credentials_commit(&device->credentials) != TB_OK) {
        return failed(TB_ERR_STORE);
    }
    app_settings_forget_secrets(&device->settings);
    return event_of(TB_EVENT_STORED);
}

/** A device that has credentials has forgotten what provisioning needs: finds it again. */
static tb_event_t prepare_again(app_device_t *device)
{
    bool asked_before = false;
    tb_outcome_t outcome = TB_OUTCOME_NOT_CONFIGURED;
    if (app_settings_recall_secrets(&device->settings) == TB_OK) {
        outcome = prepare_request(device, false, &asked_before);
    }
    return (tb_event_t){.kind = TB_EVENT_FAILED, .failure = outcome};
}

static tb_err_t start_effect(app_device_t *device, tb_effect_t effect)
{
    switch (effect) {
    case TB_EFFECT_CLOSE:
        normal_connection_stop();
        app_connection_close(&device->settings);
        return TB_OK;
    case TB_EFFECT_FORGET:
        return app_credentials_forget(&device->credentials, device->session.has_credentials);
    case TB_EFFECT_OPEN_FRONT:
        return front_connection_open(&device->settings);
    case TB_EFFECT_REQUEST:
        return front_connection_request(&device->settings, &device->credentials.pending);
    case TB_EFFECT_OPEN_TRIAL:
        return normal_connection_open(&device->settings, &device->credentials.pending);
    case TB_EFFECT_OPEN_NORMAL:
        app_settings_forget_secrets(&device->settings);
        return normal_connection_open(&device->settings, &device->credentials.own);
    case TB_EFFECT_ONLINE:
        normal_connection_start(device->settings.telemetry_period_s, tb_port_now_ms());
        return TB_OK;
    case TB_EFFECT_STORE:
    case TB_EFFECT_FINISH:
        break;
    }
    return TB_OK;
}

/** Carries out @p effects. Returns true when that made an event of its own, in @p event. */
static bool perform(app_device_t *device, unsigned effects, tb_event_t *event)
{
    for (unsigned bit = TB_EFFECT_CLOSE; bit < TB_EFFECT_FINISH; bit <<= 1) {
        if ((effects & bit) == 0) {
            continue;
        }
        if (bit == TB_EFFECT_STORE) {
            *event = store_credentials(device);
            return true;
        }
        if (bit == TB_EFFECT_OPEN_FRONT && device->session.has_credentials) {
            *event = prepare_again(device);
            if (event->failure != TB_OUTCOME_NONE) {
                return true;
            }
        }
        tb_err_t err = start_effect(device, (tb_effect_t)bit);
        if (err != TB_OK) {
            *event = failed(err);
            return true;
        }
    }
    return false;
}

static void log_step(const tb_step_t *step)
{
    if (step->outcome == TB_OUTCOME_NONE) {
        return;
    }
    const char *name = tb_outcome_name(step->outcome);
    const char *text = tb_outcome_text(step->outcome);
    if (step->wait_ms > 0) {
        TB_LOGW(TAG, "TB_OUTCOME_%s: %s; next attempt in %" PRIu32 " ms", name, text, step->wait_ms);
    } else if (step->outcome == TB_OUTCOME_COMPLETE || tb_outcome_policy(step->outcome) == TB_POLICY_GO_ON) {
        TB_LOGI(TAG, "TB_OUTCOME_%s: %s", name, text);
    } else if ((step->effects & TB_EFFECT_FINISH) != 0) {
        TB_LOGE(TAG, "TB_OUTCOME_%s: %s", name, text);
    } else {
        TB_LOGW(TAG, "TB_OUTCOME_%s: %s", name, text);
    }
}

static tb_event_t read_answer(app_device_t *device, const tb_port_event_t *got)
{
    tb_prov_response_t response = {.outcome = TB_PROV_MALFORMED};
    if (device->session.state != TB_STATE_PROV_ANSWER) {
        return event_of(TB_EVENT_TICK); // a message that nobody asked for
    }
    if (got->kind == TB_PORT_TOO_LARGE) {
        TB_LOGE(TAG, "the answer is longer than %d bytes", CONFIG_TB_RX_PAYLOAD_MAX);
    } else if (!front_connection_read(got->topic, got->payload, &response)) {
        return event_of(TB_EVENT_TICK);
    }
    if (response.outcome == TB_PROV_SUCCESS) {
        device->credentials.pending = response.cred;
    }
    tb_event_t event = {.kind = TB_EVENT_ANSWER, .answer = response.outcome};
    tb_wipe(&response, sizeof(response));
    return event;
}

static tb_outcome_t tls_outcome(tb_port_tls_failure_t failure)
{
    switch (failure) {
    case TB_TLS_UNTRUSTED:
        return TB_OUTCOME_TLS_UNTRUSTED;
    case TB_TLS_EXPIRED:
        return TB_OUTCOME_TLS_EXPIRED;
    case TB_TLS_WRONG_HOST:
        return TB_OUTCOME_TLS_WRONG_HOST;
    case TB_TLS_CERTIFICATE:
        return TB_OUTCOME_TLS_CERTIFICATE;
    case TB_TLS_BAD_PEM:
        return TB_OUTCOME_TLS_BAD_PEM;
    case TB_TLS_HANDSHAKE:
        break;
    }
    return TB_OUTCOME_TLS_FAILED;
}

/** The credentials that the connection presents. */
static const tb_cred_t *presented(const app_device_t *device)
{
    static const tb_cred_t NOBODY = {.kind = TB_CRED_NONE};
    switch (device->session.state) {
    case TB_STATE_TRIAL:
        return &device->credentials.pending;
    case TB_STATE_CONNECT:
        return &device->credentials.own;
    default:
        return &NOBODY;
    }
}

/** A certificate is judged alone (contract 1.2). To a client id alone, code 2 is what code 5 is to others
 * (contract 1.5); to them it says nothing. */
static tb_event_t refused(const app_device_t *device, uint8_t connack)
{
    const tb_cred_t *cred = presented(device);
    bool is_client_id_alone = cred->kind == TB_CRED_MQTT_BASIC && cred->username[0] == '\0';
    if (connack == CODE_CLIENT_ID && is_client_id_alone) {
        TB_LOGI(TAG, "code %u, to a client id without a user name: as code %u", CODE_CLIENT_ID, CODE_NOT_AUTHORIZED);
        connack = CODE_NOT_AUTHORIZED;
    }
    return (tb_event_t){.kind = TB_EVENT_REFUSED, .connack = connack, .has_certificate = cred->kind == TB_CRED_X509};
}

static tb_event_t translate(app_device_t *device, const tb_port_event_t *got)
{
    switch (got->kind) {
    case TB_PORT_CONNECTED:
        TB_LOGI(TAG_CLIENT, "TBCM_EVENT_CONNECTED");
        return event_of(TB_EVENT_CONNECTED);
    case TB_PORT_REFUSED:
        return refused(device, got->connack);
    case TB_PORT_TLS_FAILED:
        return (tb_event_t){.kind = TB_EVENT_FAILED, .failure = tls_outcome(got->tls)};
    case TB_PORT_DISCONNECTED:
        return event_of(TB_EVENT_DISCONNECTED);
    case TB_PORT_PUBLISHED:
        TB_LOGI(TAG_CLIENT, "TBCM_EVENT_PUBLISHED, msg_id=%d", got->msg_id);
        break;
    case TB_PORT_WOKEN:
        break;
    case TB_PORT_MESSAGE:
    case TB_PORT_TOO_LARGE:
        return read_answer(device, got);
    }
    return event_of(TB_EVENT_TICK);
}

/** Waits for the port, or until something is due. A due deadline goes before events, so that no flood delays it. */
static tb_event_t wait_for_event(app_device_t *device)
{
    tb_port_event_t got;
    uint64_t now_ms = tb_port_now_ms();
    uint64_t deadline_ms = tb_session_deadline(&device->session);
    if (now_ms >= deadline_ms) {
        return event_of(TB_EVENT_TICK);
    }
    normal_connection_poll(now_ms);
    if (normal_connection_deadline() < deadline_ms) {
        deadline_ms = normal_connection_deadline();
    }
    uint64_t wait_ms = deadline_ms > now_ms ? deadline_ms - now_ms : 0;
    if (!tb_port_next_event(wait_ms > WAIT_MAX_MS ? WAIT_MAX_MS : (uint32_t)wait_ms, &got)) {
        return event_of(TB_EVENT_TICK);
    }
    return translate(device, &got);
}

/** Whether new credentials were offered, and are pending now. */
static bool can_rotate(app_device_t *device)
{
    return tb_session_can_rotate(&device->session) && app_credentials_take_offer(&device->credentials);
}

tb_outcome_t app_device_run(app_device_t *device)
{
    tb_event_t event = event_of(TB_EVENT_START);
    for (;;) {
        tb_step_t step = tb_session_step(&device->session, &event, tb_port_now_ms());
        log_step(&step);
        bool made_event = perform(device, step.effects, &event);
        if ((step.effects & TB_EFFECT_FINISH) != 0) {
            return step.outcome;
        }
        if (!made_event) {
            event = can_rotate(device) ? event_of(TB_EVENT_ROTATE) : wait_for_event(device);
        }
    }
}

void app_device_disconnect(app_device_t *device)
{
    normal_connection_stop();
    app_connection_close(&device->settings);
}

void app_device_destroy(app_device_t *device)
{
    app_credentials_withdraw();
    tb_wipe(device, sizeof(*device));
}
