// SPDX-License-Identifier: Apache-2.0
// Texts of catalog files for tests, and ways to spoil them.
#pragma once

#include <QtTest>

namespace shardlens::test {

inline const QByteArray kAccelerator = R"({
  "id": "a1", "name": "A1", "vendor": "V", "noun": "GPU", "confidence": "A",
  "memory_bytes": 85899345920, "memory_bandwidth_bytes_per_s": 2039e9,
  "dense_flop_per_s": {"bf16": 312e12, "int8": 624e12}, "power_w": 400, "source": "data sheet"
})";
inline const QByteArray kCluster = R"({
  "id": "c1", "name": "C1", "accelerator": "a1", "levels": [
    {"name": "ICI", "topology": "torus", "extents": [4, 4], "wrap": [true, true], "bandwidth_bytes_per_s": 2e11, "latency_s": 1e-6, "source": "s"},
    {"name": "EFA", "topology": "switch", "extents": [1], "bandwidth_bytes_per_s": 5e10, "latency_s": 1e-5, "scales_out": true, "source": "s"}
  ], "price_usd_per_device_hour": 2.5, "price_source": "list of 2026", "source": "page"
})";

inline QByteArray changed(QByteArray text, const char* from, const char* to)
{
    if (!text.contains(from))
        qFatal("nothing to replace: %s", from);
    return text.replace(from, to);
}

inline std::string first(const std::vector<std::string>& ids)
{
    return ids.empty() ? std::string() : ids.front();
}

inline std::vector<std::string> idsOf(const std::vector<Accelerator>& entries)
{
    std::vector<std::string> ids;
    for (const Accelerator& entry : entries)
        ids.push_back(entry.id);
    return ids;
}

inline QByteArray shippedText(const char* name)
{
    QFile file(QStringLiteral(SHARDLENS_SOURCE_DIR "/resources/catalog/") + QLatin1String(name));
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

/// The first object of "kinds".
inline QByteArray kindOf(const QByteArray& model)
{
    const QJsonObject object = QJsonDocument::fromJson(model).object();
    return QJsonDocument(object.value(QLatin1String("kinds")).toArray().at(0).toObject()).toJson();
}

} // namespace shardlens::test
