#include "tb/tb_err.h"

const char *tb_err_text(tb_err_t err)
{
    switch (err) {
    case TB_OK:
        return "no error";
#define TB_ERR_CASE(name, value, text)                                                                                 \
    case (name):                                                                                                       \
        return text;
        TB_ERR_COMMON_LIST(TB_ERR_CASE)
        TB_ERR_OWN_LIST(TB_ERR_CASE)
#undef TB_ERR_CASE
    default:
        return "unknown error";
    }
}
