// SPDX-License-Identifier: Apache-2.0
#include "ui/window/playgroundbody.h"

#include "ui/views/sceneview.h"

#include <QCoreApplication>
#include <QKeyEvent>
#include <QLineEdit>
#include <QMenu>
#include <QMouseEvent>
#include <QSignalBlocker>
#include <QSlider>
#include <QToolButton>

#include <algorithm>

namespace shardlens {
namespace {

constexpr double kSecondsPerStep = 1.6;
constexpr int kSliderPerStep = 100;
constexpr int kLeastFields = 460; // px: narrower, the fields stand in two rows
constexpr int kLeastHeight = 180; // px: lower, the product alone has a field

} // namespace

PlaygroundBody::PlaygroundBody(Document& document, QWidget* parent) : QWidget(parent), m_document(document)
{
    SceneView::Options options;
    options.accessibleName = tr("Playground of sharded products");
    options.description = [this](const Scenario&, const Report&) { return describePlayground(m_picture); };
    m_view = new SceneView(document, {}, options, this);
    m_view->installEventFilter(this);
    const auto field = [this](const QString& name, const QString& tip) {
        auto* edit = new QLineEdit(this);
        edit->setAccessibleName(name);
        edit->setToolTip(tip);
        edit->setPlaceholderText(name);
        edit->setMaxLength(static_cast<int>(kMostNotationLength));
        connect(edit, &QLineEdit::textEdited, this, &PlaygroundBody::read);
        connect(edit, &QLineEdit::editingFinished, edit, [edit] {
            if (!edit->hasFocus())
                edit->setCursorPosition(0); // of a text that is cut the beginning is seen
        });
        return edit;
    };
    m_product = field(tr("Product"), tr("A[I, J_X] . B[J_X, K], and after -> the result that is wanted"));
    m_mesh = field(tr("Mesh"), tr("Axes and sizes, innermost first: X=4,Y=2"));
    m_shape = field(tr("Shape"), tr("The size of every dimension: I=1024,J=4096,K=8192"));
    const auto button = [this](const QString& text, const QString& name, auto clicked) {
        auto* made = new QToolButton(this);
        made->setText(text);
        made->setToolTip(name);
        made->setAccessibleName(name);
        made->setAutoRaise(true);
        connect(made, &QToolButton::clicked, this, clicked);
        return made;
    };
    m_examples = button(tr("Examples ▾"), tr("The four cases of the algebra"), [this] {
        auto* menu = new QMenu(this);
        menu->setAttribute(Qt::WA_DeleteOnClose);
        for (const PlaygroundExample& example : playgroundExamples())
            menu->addAction(QCoreApplication::translate("Playground", example.name), this, [this, &example] {
                setText({example.product, example.mesh, example.shape});
            });
        menu->popup(m_examples->mapToGlobal(m_examples->rect().bottomLeft()));
    });
    m_back = button(QStringLiteral("‹"), tr("Step back"), [this] { m_player.step(-1); });
    m_play = button(QStringLiteral("▶"), tr("Play"), [this] { m_player.toggle(); });
    m_next = button(QStringLiteral("›"), tr("Step"), [this] { m_player.step(1); });
    m_slider = new QSlider(Qt::Horizontal, this);
    m_slider->setAccessibleName(tr("Position among the steps"));
    connect(m_slider, &QSlider::valueChanged, this, [this](int value) {
        m_player.pause();
        m_player.seek(static_cast<double>(value) / kSliderPerStep);
    });
    connect(&m_player, &Player::moved, this, [this] {
        m_picture.position = m_player.position();
        const QSignalBlocker blocker(m_slider);
        m_slider->setValue(static_cast<int>(m_player.position() * kSliderPerStep));
        redraw();
    });
    connect(&m_player, &Player::stateChanged, this, [this] {
        m_play->setText(m_player.isPlaying() ? QStringLiteral("❚❚") : QStringLiteral("▶"));
        m_play->setAccessibleName(m_player.isPlaying() ? tr("Pause") : tr("Play"));
    });
    connect(&document, &Document::reportChanged, this, &PlaygroundBody::reportChanged);
    const PlaygroundExample& first = playgroundExamples()[2];
    setText({first.product, first.mesh, first.shape});
}

void PlaygroundBody::setTheme(const Theme& theme)
{
    m_view->setTheme(theme);
}

ProductText PlaygroundBody::text() const
{
    return {m_product->text().toStdString(), m_mesh->text().toStdString(), m_shape->text().toStdString()};
}

void PlaygroundBody::setText(const ProductText& text)
{
    m_product->setText(qs(text.product));
    m_mesh->setText(qs(text.mesh));
    m_shape->setText(qs(text.shape));
    for (QLineEdit* edit : {m_product, m_mesh, m_shape})
        edit->setCursorPosition(0);
    read();
}

void PlaygroundBody::read()
{
    m_stale = false;
    m_cluster = m_document.scenario().cluster;
    Result<PlayedProduct> played = playedProduct(text(), m_cluster.get());
    m_picture = {};
    QLineEdit* wrong = nullptr;
    if (played.ok()) {
        m_picture.played = std::move(played).value();
    } else {
        m_picture.error = qs(played.error().sentence());
        wrong = played.error().path == "mesh" ? m_mesh : played.error().path == "shape" ? m_shape : m_product;
    }
    for (QLineEdit* field : {m_product, m_mesh, m_shape})
        field->setAccessibleDescription(field == wrong ? m_picture.error : QString());
    restart();
}

void PlaygroundBody::reportChanged()
{
    if (m_document.scenario().cluster == m_cluster)
        return;
    m_stale = true;
    if (isSeen())
        read();
}

bool PlaygroundBody::isSeen() const
{
    return isVisible() && !visibleRegion().isEmpty();
}

void PlaygroundBody::restart()
{
    m_player.pause();
    const std::size_t steps = m_picture.played ? m_picture.played->costs.ways[m_picture.way].way.steps.size() : 0;
    m_player.setLength(static_cast<double>(steps), kSecondsPerStep);
    m_player.seek(0);
    m_picture.position = 0;
    const QSignalBlocker blocker(m_slider);
    m_slider->setRange(0, static_cast<int>(steps) * kSliderPerStep);
    m_slider->setValue(0);
    for (QWidget* control :
         {static_cast<QWidget*>(m_back), static_cast<QWidget*>(m_play), static_cast<QWidget*>(m_next), static_cast<QWidget*>(m_slider)})
        control->setEnabled(steps > 0);
    redraw();
}

void PlaygroundBody::setWay(std::size_t way)
{
    if (!m_picture.played || way >= m_picture.played->costs.ways.size() || way == m_picture.way)
        return;
    m_picture.way = way;
    restart();
}

void PlaygroundBody::setPosition(double position)
{
    m_player.pause();
    m_player.seek(position);
    m_picture.position = m_player.position();
    redraw();
}

void PlaygroundBody::redraw()
{
    m_view->setBuilder([this](const ViewInput& input, Scene& scene) { buildPlayground(input, m_picture, scene, &m_regions); });
}

void PlaygroundBody::layOut()
{
    const int field = m_product->sizeHint().height();
    const int side = space::kInset;
    // The smallest place keeps the product; mesh and sizes come back with the room.
    const bool low = height() < kLeastHeight && width() < kLeastFields;
    m_mesh->setVisible(!low);
    m_shape->setVisible(!low);
    const bool narrow = !low && width() < kLeastFields;
    const int gap = space::kTight;
    const int button = std::max(22, m_next->sizeHint().width());
    const int examples = m_examples->sizeHint().width();
    int y = space::kTight;
    const int row = width() - 2 * side;
    const int first = narrow || low ? row - examples - gap : (row - examples - 3 * gap) / 2;
    m_product->setGeometry(side, y, std::max(40, first), field);
    int x = side + first + gap;
    int rest = (row - first - examples - 3 * gap) / 3;
    if (narrow) {
        m_examples->setGeometry(x, y, examples, field);
        y += field + gap;
        x = side;
        rest = (row - gap) / 3;
    }
    m_mesh->setGeometry(x, y, std::max(30, rest), field);
    x += rest + gap;
    const int shape = narrow ? row - rest - gap : row - first - examples - rest - 3 * gap;
    m_shape->setGeometry(x, y, std::max(30, shape), field);
    x += shape + gap;
    if (!narrow)
        m_examples->setGeometry(low ? side + first + gap : x, y, examples, field);
    y += field + gap;
    const int control = m_slider->sizeHint().height() + 6;
    const int bottom = height() - control - 2;
    m_view->setGeometry(0, y, width(), std::max(20, bottom - y));
    x = side;
    for (QToolButton* each : {m_back, m_play, m_next}) {
        each->setGeometry(x, bottom, button + 4, control);
        x += button + 6;
    }
    m_slider->setGeometry(x + gap, bottom, std::max(20, width() - x - gap - side), control);
}

void PlaygroundBody::resizeEvent(QResizeEvent* event)
{
    QWidget::resizeEvent(event);
    layOut();
}

void PlaygroundBody::showEvent(QShowEvent* event)
{
    QWidget::showEvent(event);
    if (m_stale)
        read();
}

bool PlaygroundBody::pressed(QPointF at)
{
    for (std::size_t i = 0; i < m_regions.ways.size(); ++i) {
        if (m_regions.ways[i].contains(at)) {
            setWay(i);
            return true;
        }
    }
    for (std::size_t i = 0; i < m_regions.steps.size(); ++i) {
        if (m_regions.steps[i].contains(at)) {
            setPosition(static_cast<double>(i));
            return true;
        }
    }
    return false;
}

bool PlaygroundBody::keyed(int key)
{
    switch (key) {
    case Qt::Key_Space: m_player.toggle(); return true;
    case Qt::Key_Left: m_player.step(-1); return true;
    case Qt::Key_Right: m_player.step(1); return true;
    case Qt::Key_Home: setPosition(0); return true;
    case Qt::Key_End: setPosition(m_player.length()); return true;
    case Qt::Key_Up:
        if (m_picture.way > 0)
            setWay(m_picture.way - 1);
        return true;
    case Qt::Key_Down: setWay(m_picture.way + 1); return true;
    default: return false;
    }
}

bool PlaygroundBody::eventFilter(QObject* watched, QEvent* event)
{
    if (watched == m_view && event->type() == QEvent::MouseButtonPress) {
        m_view->setFocus(Qt::MouseFocusReason);
        if (pressed(static_cast<QMouseEvent*>(event)->position()))
            return true;
    }
    if (watched == m_view && event->type() == QEvent::KeyPress && keyed(static_cast<QKeyEvent*>(event)->key()))
        return true;
    return QWidget::eventFilter(watched, event);
}

} // namespace shardlens
