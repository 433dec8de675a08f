"""How bright the picture is, and where it is brightest: a model without a network."""

COLUMNS, ROWS = 16, 9


def handler(frame, context):
    cells = frame.gray(COLUMNS, ROWS)
    brightest = max(range(len(cells)), key=cells.__getitem__)
    column, row = brightest % COLUMNS, brightest // COLUMNS
    least = context.config.get("min_brightness", 0.5)
    if cells[brightest] / 255 < least:
        return []
    return [
        {
            "class_id": 0,
            "class_name": context.model.class_names[0],
            "confidence": cells[brightest] / 255,
            "bbox": [column / COLUMNS, row / ROWS, (column + 1) / COLUMNS, (row + 1) / ROWS],
            "value": sum(cells) / len(cells) / 2.55,
            "unit": "%",
        }
    ]
