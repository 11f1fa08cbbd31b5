# The only list of C files: ESP-IDF's build and the host build both include it.
include(${CMAKE_CURRENT_LIST_DIR}/gen/sources.cmake)

set(TB_SOURCES
    ${CMAKE_CURRENT_LIST_DIR}/src/tb_buf.c
    ${CMAKE_CURRENT_LIST_DIR}/src/tb_cred.c
    ${CMAKE_CURRENT_LIST_DIR}/src/tb_err.c
    ${CMAKE_CURRENT_LIST_DIR}/src/tb_json_check.c
    ${CMAKE_CURRENT_LIST_DIR}/src/tb_json_read.c
    ${CMAKE_CURRENT_LIST_DIR}/src/tb_json_write.c
    ${CMAKE_CURRENT_LIST_DIR}/src/tb_prov.c
    ${CMAKE_CURRENT_LIST_DIR}/src/tb_session.c
    ${CMAKE_CURRENT_LIST_DIR}/src/tb_outcome.c
    ${CMAKE_CURRENT_LIST_DIR}/src/tb_store.c
    ${CMAKE_CURRENT_LIST_DIR}/src/tb_utf8.c
    ${TB_MODEL_SOURCES})

# Either port has the same files.
set(TB_PORT_FILES tb_port_mqtt.c tb_port_store.c tb_port_sys.c)
if(TB_MODEL_TLS)
    list(APPEND TB_PORT_FILES tb_port_tls.c)
endif()
set(TB_PORT_ESP_IDF_SOURCES ${TB_PORT_FILES})
list(TRANSFORM TB_PORT_ESP_IDF_SOURCES PREPEND ${CMAKE_CURRENT_LIST_DIR}/port/esp_idf/)
set(TB_PORT_POSIX_SOURCES ${TB_PORT_FILES})
list(TRANSFORM TB_PORT_POSIX_SOURCES PREPEND ${CMAKE_CURRENT_LIST_DIR}/port/posix/)
