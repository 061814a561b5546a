# SPDX-License-Identifier: Apache-2.0
# cmake -DDIRECTORY=resources/catalog -DOUTPUT=embedded_catalog.cpp -P EmbedCatalog.cmake
# Writes every DIRECTORY/{models,accelerators,clusters}/*.json and DIRECTORY/aliases.json as a raw string into one source file.
file(GLOB files RELATIVE ${DIRECTORY} ${DIRECTORY}/models/*.json ${DIRECTORY}/accelerators/*.json ${DIRECTORY}/clusters/*.json ${DIRECTORY}/aliases.json)
list(SORT files)
list(LENGTH files count)
set(entries "")
foreach(file IN LISTS files)
  file(READ ${DIRECTORY}/${file} text)
  string(APPEND entries "    EmbeddedFile{\"${file}\", R\"catalog(${text})catalog\"},\n")
endforeach()
set(source "// SPDX-License-Identifier: Apache-2.0\n// Generated from resources/catalog.\n#include \"core/scenario/embedded_catalog.h\"\n\n#include <array>\n\nnamespace shardlens {\n\n")
string(APPEND source "namespace {\n\nconstexpr std::array<EmbeddedFile, ${count}> kFiles{\n${entries}};\n\n} // namespace\n\n")
string(APPEND source "std::span<const EmbeddedFile> embeddedCatalog()\n{\n    return kFiles;\n}\n\n} // namespace shardlens\n")
file(WRITE ${OUTPUT} "${source}")
