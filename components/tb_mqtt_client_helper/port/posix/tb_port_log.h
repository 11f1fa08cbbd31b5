/** @file tb_port_log.h  The log, in the form of ESP-IDF's: `I (milliseconds) TAG: message`. Any task. */
#pragma once

#define TB_LOGE(tag, ...) tb_port_log_line('E', tag, __VA_ARGS__)
#define TB_LOGW(tag, ...) tb_port_log_line('W', tag, __VA_ARGS__)
#define TB_LOGI(tag, ...) tb_port_log_line('I', tag, __VA_ARGS__)

__attribute__((format(printf, 3, 4))) void tb_port_log_line(char level, const char *tag, const char *format, ...);
