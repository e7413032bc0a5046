"""Serves the emulator; its CloudFormation deletes tables through DeleteTable, as AWS does, so their protection counts."""

from ministack.app import main
from ministack.services import dynamodb
from ministack.services.cloudformation import provisioners


def delete_table(table, _properties):
    status, _headers, body = dynamodb._delete_table({"TableName": table})
    if status >= 400:
        raise ValueError(body)


provisioners._RESOURCE_HANDLERS["AWS::DynamoDB::Table"]["delete"] = delete_table
main()
