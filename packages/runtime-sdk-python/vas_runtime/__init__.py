"""The runtime SDK in Python: a model author writes model.yaml and one function from a frame to detections.

    def handler(frame, context):
        return [{"class_id": 0, "class_name": "thing", "confidence": 0.9, "bbox": [0, 0, 1, 1]}]

`python3 -m vas_runtime <model folder>` serves it. Only Python's standard library is needed (3.9 or newer).
"""
