#include "tb/tb_err.h"

#include "tb/tb_buf.h"

#define CODE_OF(name, value, text) (name),
#define TEXT_OF(name, value, text) text "\0"

const char *tb_err_text(tb_err_t err)
{
    static const tb_err_t CODES[] = {TB_OK, TB_ERR_COMMON_LIST(CODE_OF) TB_ERR_OWN_LIST(CODE_OF)};
    size_t at = 0;
    while (at < TB_COUNT(CODES) && CODES[at] != err) {
        at++;
    }
    return tb_text_at("no error\0" TB_ERR_COMMON_LIST(TEXT_OF) TB_ERR_OWN_LIST(TEXT_OF) "unknown error", at);
}
