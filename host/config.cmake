# Configuration from the Kconfig files, by esp-idf-kconfig. Sets TB_CONFIG_DIR, which holds sdkconfig.h and sdkconfig.json.
find_program(TB_PYTHON python3 HINTS ${CMAKE_CURRENT_LIST_DIR}/../.venv/bin NO_DEFAULT_PATH)
if(NOT TB_PYTHON)
    message(FATAL_ERROR "No .venv here: run `make setup` first")
endif()

set(TB_CONFIG_DIR ${CMAKE_CURRENT_BINARY_DIR}/config)
set(TB_SDKCONFIG ${CMAKE_CURRENT_LIST_DIR}/../sdkconfig.host CACHE FILEPATH "Where menuconfig keeps its choices")
set(KCONFIG_FILES ${CMAKE_CURRENT_LIST_DIR}/Kconfig ${CMAKE_CURRENT_LIST_DIR}/../main/Kconfig.projbuild
                  ${CMAKE_CURRENT_LIST_DIR}/../components/tb_mqtt_client_helper/Kconfig)
set(KCONFGEN ${TB_PYTHON} -m kconfgen --kconfig ${CMAKE_CURRENT_LIST_DIR}/Kconfig --config ${TB_SDKCONFIG}
             --output config ${TB_SDKCONFIG} --output header ${TB_CONFIG_DIR}/sdkconfig.h
             --output json ${TB_CONFIG_DIR}/sdkconfig.json)

file(MAKE_DIRECTORY ${TB_CONFIG_DIR})
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${KCONFIG_FILES} ${TB_SDKCONFIG})
execute_process(COMMAND ${KCONFGEN} RESULT_VARIABLE failed OUTPUT_VARIABLE said ERROR_VARIABLE said)
if(failed)
    message(FATAL_ERROR "kconfgen failed:\n${said}")
endif()

add_custom_target(menuconfig COMMAND ${CMAKE_COMMAND} -E env KCONFIG_CONFIG=${TB_SDKCONFIG} ${KCONFGEN} --menuconfig
                             USES_TERMINAL)
