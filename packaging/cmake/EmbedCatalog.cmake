# SPDX-License-Identifier: Apache-2.0
# cmake -DRESOURCES=resources -DOUTPUT=embedded_catalog.cpp -P EmbedCatalog.cmake
# Writes the catalog's and the calibration's files as raw strings into one source file.
function(embed directory name function)
  file(GLOB files RELATIVE ${RESOURCES}/${directory} ${ARGN})
  list(SORT files)
  list(LENGTH files count)
  set(entries "")
  foreach(file IN LISTS files)
    file(READ ${RESOURCES}/${directory}/${file} text)
    string(APPEND entries "    EmbeddedFile{\"${file}\", R\"catalog(${text})catalog\"},\n")
  endforeach()
  string(APPEND source "namespace {\n\nconstexpr std::array<EmbeddedFile, ${count}> ${name}{\n${entries}};\n\n} // namespace\n\n")
  string(APPEND source "std::span<const EmbeddedFile> ${function}()\n{\n    return ${name};\n}\n\n")
  set(source "${source}" PARENT_SCOPE)
endfunction()

set(source "// SPDX-License-Identifier: Apache-2.0\n// Generated from resources/catalog and resources/calibration.\n#include \"core/scenario/embedded_catalog.h\"\n\n#include <array>\n\nnamespace shardlens {\n\n")
set(catalog ${RESOURCES}/catalog)
embed(catalog kCatalog embeddedCatalog ${catalog}/models/*.json ${catalog}/accelerators/*.json ${catalog}/clusters/*.json ${catalog}/aliases.json)
set(calibration ${RESOURCES}/calibration)
embed(calibration kCalibration embeddedCalibration ${calibration}/accelerators/*.json ${calibration}/engines/*.json ${calibration}/intervals.json ${calibration}/points.csv)
string(APPEND source "} // namespace shardlens\n")
file(WRITE ${OUTPUT} "${source}")
