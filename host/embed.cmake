# tb_embed(TARGET FOLDER): builds ca.pem, client.pem and client.key of FOLDER, those that are there, into TARGET, under the
# symbols that ESP-IDF's EMBED_TXTFILES gives them, and tells TARGET by a definition which there are.
function(tb_embed target folder)
    file(GLOB found CONFIGURE_DEPENDS ${folder}/ca.pem ${folder}/client.pem ${folder}/client.key)
    foreach(path ${found})
        get_filename_component(file ${path} NAME)
        set(definition_of_ca.pem APP_EMBEDDED_CA)
        set(definition_of_client.pem APP_EMBEDDED_CERTIFICATE)
        set(definition_of_client.key APP_EMBEDDED_KEY)
        target_compile_definitions(${target} PRIVATE ${definition_of_${file}})

        set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${path})
        file(READ ${path} bytes HEX)
        string(REGEX REPLACE "(..)" "0x\\1," bytes "${bytes}")
        string(MAKE_C_IDENTIFIER "_binary_${file}_start" symbol)
        set(source ${CMAKE_CURRENT_BINARY_DIR}/embedded_${file}.c)
        file(GENERATE OUTPUT ${source} CONTENT
             "extern const unsigned char ${symbol}[];\nconst unsigned char ${symbol}[] = {${bytes}0};\n")
        target_sources(${target} PRIVATE ${source})
    endforeach()
endfunction()
